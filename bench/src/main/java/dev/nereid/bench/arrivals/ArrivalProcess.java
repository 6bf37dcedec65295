package dev.nereid.bench.arrivals;

import java.util.Locale;

/** How the gaps between arrivals are drawn. */
public enum ArrivalProcess {
  /** Exponential gaps: independent users, the usual model of an open system. */
  POISSON,
  /** Equal gaps: a metronome, which flatters a server that batches. */
  CONSTANT;

  /** The name as the command line and the reports write it. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
