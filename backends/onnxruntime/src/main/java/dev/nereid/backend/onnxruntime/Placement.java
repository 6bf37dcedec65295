package dev.nereid.backend.onnxruntime;

import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;

/**
 * Where a session runs.
 *
 * @param device the GPU's index; 0 on the CPU
 */
record Placement(InstanceKind kind, int device) {

  static final Placement CPU = new Placement(InstanceKind.CPU, 0);

  static Placement of(InstanceSpec instance) {
    return instance.kind() == InstanceKind.GPU
        ? new Placement(InstanceKind.GPU, instance.device())
        : CPU;
  }

  boolean isGpu() {
    return kind == InstanceKind.GPU;
  }
}
