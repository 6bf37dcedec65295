package dev.nereid.server.metrics;

/** How often a stage was gone through, and the time spent in it: Triton's {@code {count, ns}}. */
public record StageDuration(long count, long nanos) {

  /** Never gone through. */
  public static final StageDuration NONE = new StageDuration(0, 0);
}
