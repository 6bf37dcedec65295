package dev.nereid.client;

/**
 * Takes the end of one call.
 *
 * <ul>
 *   <li>Exactly one of the two methods is called, once, for every call that was sent.
 *   <li>It is called on an event-loop thread, or, for a call that never got a connection, on a
 *       timer or the sending thread, there also before {@code send} returns.
 *   <li>It must not block: other calls wait meanwhile.
 *   <li>What it throws is logged and changes nothing.
 * </ul>
 */
public interface InferCallback {

  /** The server answered. The result stays valid; nothing is to be released. */
  void onResult(InferResult result);

  /** There is no answer: the server's error, or the client's own, such as a deadline. */
  void onFailure(InferenceFailure failure);
}
