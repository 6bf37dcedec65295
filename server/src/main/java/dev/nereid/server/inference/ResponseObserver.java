package dev.nereid.server.inference;

/**
 * Told exactly once how a request ended, on an instance's thread, a timer's, or the caller's own.
 * Must not block and must not throw.
 */
public interface ResponseObserver {

  /** It was answered; the observer releases the response. */
  void completed(InferenceResponse response);

  /** It was refused, failed, timed out or was cancelled. */
  void failed(InferenceException reason);
}
