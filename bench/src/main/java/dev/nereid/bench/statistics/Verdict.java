package dev.nereid.bench.statistics;

/** What a probe says about its rate. */
public enum Verdict {
  /** The objective holds: the whole interval of the late share lies within what is allowed. */
  PASS,
  /** The objective does not hold: the whole interval lies beyond, or the queue grows. */
  FAIL,
  /** The interval contains the objective: more data would be needed. */
  UNDECIDED,
  /** The generator did not keep its schedule: the probe says nothing about the server. */
  INVALID
}
