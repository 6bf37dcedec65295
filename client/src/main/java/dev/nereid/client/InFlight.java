package dev.nereid.client;

/** A call that was sent. */
public interface InFlight {

  /**
   * Gives the call up and tells the server. The callback gets CANCELLED, unless the call's end was
   * there first. From any thread, any number of times.
   */
  void cancel();
}
