package dev.nereid.bench.measure;

/** Told about a probe while it runs, on the generator's thread; must return at once. */
@FunctionalInterface
public interface ProbeListener {
  ProbeListener SILENT = (seconds, dueSoFar, lateSoFar) -> {};

  /**
   * About once a second.
   *
   * @param seconds of the measured window that have passed
   * @param dueSoFar requests due in it
   * @param lateSoFar those not (yet) answered in time
   */
  void onProgress(double seconds, long dueSoFar, long lateSoFar);
}
