package dev.nereid.server.endpoint.grpc;

/**
 * The array through which bytes pass between buffers and streams that take nothing but arrays:
 * small enough to stay in the processor's cache, and one a thread, so that nothing is allocated.
 */
final class Pieces {

  private static final int BYTES = 32 << 10;

  private static final ThreadLocal<byte[]> OF_THREAD =
      ThreadLocal.withInitial(() -> new byte[BYTES]);

  private Pieces() {}

  /** This thread's; its contents are good until the thread asks for it again. */
  static byte[] array() {
    return OF_THREAD.get();
  }
}
