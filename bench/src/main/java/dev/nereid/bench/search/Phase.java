package dev.nereid.bench.search;

import java.util.Locale;

/** Why a probe was run. */
public enum Phase {
  /** Closed loop, to learn roughly what the server can do. */
  CALIBRATE,
  /** Looking for one rate that holds and one that does not. */
  BRACKET,
  /** Narrowing the two. */
  BISECT,
  /** Repeating a verdict that contradicts another, or one that was invalid. */
  VERIFY,
  /** The long run at the rate that is reported as holding. */
  CONFIRM;

  /** As progress and reports write it. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
