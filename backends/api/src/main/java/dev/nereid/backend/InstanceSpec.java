package dev.nereid.backend;

/**
 * One instance to be made.
 *
 * @param name unique within its model version, as {@code resnet50_0_1}
 * @param device the GPU's index; 0 on the CPU
 */
public record InstanceSpec(String name, InstanceKind kind, int device) {}
