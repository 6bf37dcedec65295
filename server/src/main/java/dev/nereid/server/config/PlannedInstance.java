package dev.nereid.server.config;

import dev.nereid.backend.InstanceSpec;

/**
 * One instance that an instance group asks for.
 *
 * @param passive loaded, but given no requests
 * @param hostPolicy where its thread runs: the group's, or {@code gpu_<index>} or {@code cpu}
 * @param gpuUuid of its GPU, for metrics; empty on the CPU
 */
public record PlannedInstance(
    InstanceSpec spec, boolean passive, String hostPolicy, String gpuUuid) {

  static final String CPU_POLICY = "cpu";

  /** On the CPU, with its default policy. */
  public PlannedInstance(InstanceSpec spec, boolean passive) {
    this(spec, passive, CPU_POLICY, "");
  }
}
