package dev.nereid.backend;

/** Where an instance runs. */
public enum InstanceKind {
  CPU,
  GPU
}
