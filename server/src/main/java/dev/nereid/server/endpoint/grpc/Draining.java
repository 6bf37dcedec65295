package dev.nereid.server.endpoint.grpc;

/** Whether the server is on its way out. Thread-safe. */
final class Draining {

  private volatile boolean started;

  /** From here on the server is not ready, and inference is refused. Never undone. */
  void start() {
    started = true;
  }

  boolean isStarted() {
    return started;
  }
}
