package dev.nereid.models;

import dev.nereid.models.quantize.Engines;
import dev.nereid.models.quantize.Pictures;
import dev.nereid.models.quantize.PixelScale;
import dev.nereid.models.quantize.Quantizer;
import dev.nereid.models.quantize.RangeMethod;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Flags of every command that calibrates. */
final class CalibrationOptions {

  private static final int MOST_PICTURES = 1024;

  @Option(
      names = "--images",
      paramLabel = "DIR",
      description =
          "Calibrate on the JPEG and PNG files of this folder, resized as the bench resizes them, at"
              + " most 1024; every fourth is held out to compare on. Some hundreds, of what the model"
              + " will be asked, are plenty.")
  private @Nullable Path images;

  @Option(
      names = "--corpus",
      paramLabel = "N",
      description =
          "Calibrate on N made-up pictures instead, the same everywhere. Enough to measure speed;"
              + " answers want real pictures.")
  private @Nullable Integer corpus;

  @Option(
      names = "--mean",
      paramLabel = "R,G,B",
      split = ",",
      description =
          "What the model's clients take off each pixel of 0 to 255 (one number, or one a channel)."
              + " Default: 0.")
  private float[] mean = {0};

  @Option(
      names = "--std",
      paramLabel = "R,G,B",
      split = ",",
      description = "What they divide it by after that. Default: 1.")
  private float[] std = {1};

  @Option(
      names = "--method",
      paramLabel = "METHOD",
      defaultValue = "minmax",
      description =
          "minmax: a range holds every value that was seen. percentile: it leaves out the furthest"
              + " ones at each end (--percentile), which makes the steps between the others finer."
              + " Default: ${DEFAULT-VALUE}.")
  private String method = "minmax";

  @Option(
      names = "--percentile",
      paramLabel = "P",
      defaultValue = "99.99",
      description =
          "With --method percentile: the share of the values that lie below a range's upper end, and"
              + " above its lower. Default: ${DEFAULT-VALUE}.")
  private double percentile = 99.99;

  /** The pictures that the flags name; empty where they name none. */
  Optional<Pictures.Source> pictures() {
    if (images != null && corpus != null) {
      throw new IllegalArgumentException("corpus: " + corpus + " (expected: not with --images)");
    }
    if (images != null) {
      return Optional.of(Pictures.folder(images));
    }
    if (corpus != null && (corpus < 1 || corpus > MOST_PICTURES)) {
      throw new IllegalArgumentException(
          "corpus: " + corpus + " (expected: 1 to " + MOST_PICTURES + ")");
    }
    return Optional.ofNullable(corpus).map(Pictures::corpus);
  }

  PixelScale scale() {
    return new PixelScale(mean, std);
  }

  Quantizer quantizer(Engines engines, Consumer<String> progress) {
    return new Quantizer(engines, scale(), rangeMethod(), progress);
  }

  private RangeMethod rangeMethod() {
    return switch (method) {
      case "minmax" -> RangeMethod.MINMAX;
      case "percentile" -> new RangeMethod(percentile);
      default ->
          throw new IllegalArgumentException(
              "method: " + method + " (expected: minmax or percentile)");
    };
  }
}
