package dev.nereid.bench.search;

import dev.nereid.bench.measure.ProbeResult;

/**
 * Told how a search goes, on the searching thread; must return soon, since no load runs meanwhile.
 */
public interface SearchListener {

  /** Hears nothing. */
  SearchListener SILENT = new SearchListener() {};

  /** A probe starts. */
  default void onProbeStart(Phase phase, double ratePerSecond) {}

  /** About once a second of a running probe; on the generator's thread, so at once. */
  default void onProbeProgress(double seconds, long inFlight, long notGood) {}

  /** A probe ended. */
  default void onProbe(Phase phase, ProbeResult result) {}

  /** Something else worth a line. */
  default void onNote(String text) {}
}
