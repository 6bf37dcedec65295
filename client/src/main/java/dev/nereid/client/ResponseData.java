package dev.nereid.client;

/** What becomes of the tensors of a response. */
public enum ResponseData {
  /** They are in the result. */
  KEEP,
  /**
   * They are checked for their size and dropped: the result says which outputs came, not what is in
   * them. Costs little memory, however large they are.
   */
  SKIP
}
