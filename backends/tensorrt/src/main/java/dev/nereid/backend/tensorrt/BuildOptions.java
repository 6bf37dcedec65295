package dev.nereid.backend.tensorrt;

import dev.nereid.backend.BackendException;

/**
 * How an engine is built, with nothing left open.
 *
 * @param maxWorkspaceSizeBytes 0 for what the GPU has
 */
record BuildOptions(Precision precision, long maxWorkspaceSizeBytes, int optimizationLevel) {

  private static final int DEFAULT_OPTIMIZATION_LEVEL = 3;

  /**
   * Decides what the parameters leave open.
   *
   * @throws BackendException if the precision does not fit the graph: ranges for 8-bit integers are
   *     in it or they are not, and nothing here makes them up
   */
  static BuildOptions of(ModelParameters parameters, OnnxFile model) throws BackendException {
    Precision precision =
        parameters.precision().orElse(model.isQuantized() ? Precision.INT8 : Precision.TF32);
    if (precision == Precision.INT8 && !model.isQuantized()) {
      throw refusal(
          precision,
          "FP32, TF32 or FP16, since the graph has no QuantizeLinear and DequantizeLinear nodes;"
              + " INT8 needs the ranges in them");
    }
    if (precision != Precision.INT8 && model.isQuantized()) {
      throw refusal(
          precision, "INT8, since the graph has QuantizeLinear and DequantizeLinear nodes");
    }
    return new BuildOptions(
        precision,
        parameters.maxWorkspaceSizeBytes().orElse(0),
        parameters.optimizationLevel().orElse(DEFAULT_OPTIMIZATION_LEVEL));
  }

  private static BackendException refusal(Precision precision, String rule) {
    return BackendException.ofField(
        "parameters['%s']: %s (expected: %s)"
            .formatted(ModelParameters.PRECISION_MODE, precision, rule),
        "parameters",
        ModelParameters.PRECISION_MODE);
  }
}
