package dev.nereid.bench.target;

import java.util.List;

/** Watches the GPUs of the server while it is measured. */
@FunctionalInterface
public interface GpuMeter extends AutoCloseable {

  /** Sees none. */
  GpuMeter NONE = (fromNanos, toNanos) -> List.of();

  /**
   * What was read in that span, in the order of UUIDs; empty where nothing was.
   *
   * @param fromNanos on {@link System#nanoTime}, as {@code toNanos}
   */
  List<GpuUse> between(long fromNanos, long toNanos);

  /** Ends the watching. For whoever began it. */
  @Override
  default void close() {}
}
