package dev.nereid.server.metrics;

/** The executions of one batch size: one count a stage per execution, not per request. */
public record BatchStatistics(
    StageDuration computeInput, StageDuration computeInfer, StageDuration computeOutput) {

  /** Executions at this size. */
  public long executions() {
    return computeInfer.count();
  }
}
