package dev.nereid.models;

/** A set of models that are built together. */
public enum Variant {
  /** The ladder that runs on any machine. */
  CPU,
  /** What quickstart measures of it: as much as its time allows. */
  QUICKSTART,
  /** The tutorial's five models; all but the first need a GPU. */
  TUTORIAL,
  /** The tutorial's five, and what is faster on the same GPU. */
  GPU
}
