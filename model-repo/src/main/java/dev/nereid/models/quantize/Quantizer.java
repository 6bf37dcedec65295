package dev.nereid.models.quantize;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.TensorSpec;
import dev.nereid.tensor.DataType;
import java.io.IOException;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Turns networks into networks of 8-bit integers: runs one on pictures in the engine of its format,
 * on the CPU, takes down what range each tensor has, writes the ranges into it, and compares the
 * two on pictures that were held out.
 *
 * <p>On one machine the same network and pictures give the same bytes.
 */
public final class Quantizer {

  private final Engines engines;
  private final PixelScale scale;
  private final RangeMethod method;
  private final Consumer<String> progress;

  /**
   * @param scale what networks expect of pixels
   * @param progress gets a line for every step; called on the thread that quantises
   */
  public Quantizer(
      Engines engines, PixelScale scale, RangeMethod method, Consumer<String> progress) {
    this.engines = engines;
    this.scale = scale;
    this.method = method;
    this.progress = progress;
  }

  /**
   * A network in 8 bits, and how well it does.
   *
   * @param input where it takes pictures
   */
  public record Result(Network network, PictureInput input, QuantizationReport report) {}

  /**
   * Quantises.
   *
   * @param original in floating point
   * @param quantization of {@code original}
   * @throws UnsupportedNetworkException if it takes no pictures, or gives no floats
   * @throws BackendException if an engine does not run it
   */
  public Result quantize(Network original, Quantization quantization, Pictures.Source source)
      throws BackendException, IOException, UnsupportedNetworkException {
    try (EngineRun reference = EngineRun.of(original, engines, scale)) {
      Pictures pictures = source.of(reference.input());
      Map<String, Range> ranges =
          new Calibration(engines, scale, method, progress)
              .ranges(quantization, pictures.calibration());
      Network quantized = quantization.quantized(ranges);
      progress.accept(
          "comparing with FP32: " + pictures.heldOut().size() + " pictures that were held out");
      try (EngineRun run = EngineRun.of(quantized, engines, scale)) {
        Agreement agreement =
            Agreement.of(reference, run, output(reference.signature()), pictures.heldOut());
        return new Result(
            quantized,
            reference.input(),
            new QuantizationReport(
                original.backend(),
                method,
                pictures.calibration().size(),
                pictures.origin(),
                quantization.weightedLayers(),
                ranges,
                agreement,
                pictures.notes()));
      }
    }
  }

  private static String output(ModelSignature signature) throws UnsupportedNetworkException {
    for (TensorSpec output : signature.outputs()) {
      if (output.type() == DataType.FP32) {
        return output.name();
      }
    }
    throw new UnsupportedNetworkException(
        "outputs: " + signature.outputs() + " (expected: one of FP32)");
  }
}
