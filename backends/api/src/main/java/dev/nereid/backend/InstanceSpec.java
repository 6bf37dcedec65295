package dev.nereid.backend;

import java.util.List;

/**
 * One instance to be made.
 *
 * @param name unique within its model version, as {@code resnet50_0_1}
 * @param device the GPU's index among those this process sees; 0 on the CPU
 * @param profiles {@code instance_group.profile}: TensorRT's optimisation profiles, by name or
 *     index
 */
public record InstanceSpec(String name, InstanceKind kind, int device, List<String> profiles) {

  public InstanceSpec {
    profiles = List.copyOf(profiles);
  }

  /** Without profiles. */
  public InstanceSpec(String name, InstanceKind kind, int device) {
    this(name, kind, device, List.of());
  }
}
