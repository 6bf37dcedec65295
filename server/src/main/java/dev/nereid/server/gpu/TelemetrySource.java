package dev.nereid.server.gpu;

import java.util.OptionalDouble;
import java.util.Set;

/** One library's view of one GPU. Used by one thread. */
interface TelemetrySource {

  /** As {@code NVML}. */
  String name();

  /** What it may be asked for; it may turn out that this GPU does not have it. */
  Set<GpuField> fields();

  /**
   * Takes a fresh reading where that is done for several fields at once. Fails in {@link #read}.
   */
  default void update() {}

  /**
   * The field's value, in its unit; for {@link GpuField#ENERGY}, joules since some moment.
   *
   * @return empty where there is nothing to show yet: a rate needs two readings
   * @throws TelemetryException if it cannot be read
   */
  OptionalDouble read(GpuField field) throws TelemetryException;
}
