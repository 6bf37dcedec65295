package dev.nereid.server.gpu;

import java.util.OptionalInt;

/**
 * One GPU that this process sees, or a slice of one (MIG).
 *
 * @param index by which CUDA knows it here, and configs name it: after {@code CUDA_VISIBLE_DEVICES}
 * @param uuid as {@code GPU-8f3c…} or {@code MIG-…}
 * @param pciBusId as {@code 0000:17:00.0}
 * @param numaNode of the machine's memory that is next to it; empty where the system does not say
 */
public record GpuDevice(
    int index,
    String uuid,
    String name,
    ComputeCapability computeCapability,
    long memoryBytes,
    String pciBusId,
    OptionalInt numaNode) {

  /** As the log and {@code verify-gpu} show it. */
  @Override
  public String toString() {
    return "GPU %d: %s, compute capability %s, %d MiB, %s, PCI %s, NUMA node %s"
        .formatted(
            index,
            name,
            computeCapability,
            memoryBytes >> 20,
            uuid,
            pciBusId,
            numaNode.isPresent() ? numaNode.getAsInt() : "unknown");
  }
}
