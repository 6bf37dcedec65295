package dev.nereid.models;

/** A set of models that are built together. */
public enum Variant {
  /** The ladder that runs on any machine; quickstart climbs it. */
  CPU,
  /** The tutorial's five models; all but the first need a GPU. */
  TUTORIAL
}
