package dev.nereid.bench.target;

/** Told how one request ended: exactly one call, on any thread, which must not be held up. */
public interface ResponseListener {

  /** A complete, successful answer arrived. */
  void onResponse();

  /**
   * The request failed, was refused or timed out.
   *
   * @param code the gRPC code's name, such as {@code UNAVAILABLE}
   * @param message what the server or the transport said
   */
  void onFailure(String code, String message);
}
