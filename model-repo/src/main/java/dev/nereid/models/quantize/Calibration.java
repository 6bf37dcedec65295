package dev.nereid.models.quantize;

import dev.nereid.backend.BackendException;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Finds the ranges of a network's tensors by running it on pictures. */
final class Calibration {

  private final Engines engines;
  private final PixelScale scale;
  private final RangeMethod method;
  private final Consumer<String> progress;

  Calibration(Engines engines, PixelScale scale, RangeMethod method, Consumer<String> progress) {
    this.engines = engines;
    this.scale = scale;
    this.method = method;
    this.progress = progress;
  }

  /** The range of every tensor that the quantisation needs, its ends rounded outwards. */
  Map<String, Range> ranges(Quantization quantization, List<byte[]> pictures)
      throws BackendException, IOException, UnsupportedNetworkException {
    Map<String, RangeObserver> observers = new LinkedHashMap<>();
    quantization.measured().forEach(tensor -> observers.put(tensor, method.observer()));
    int passes = observers.values().stream().mapToInt(RangeObserver::passes).max().orElse(0);
    progress.accept(
        "calibrating: %d pictures, ranges of %d tensors"
            .formatted(pictures.size(), observers.size()));
    try (EngineRun run = EngineRun.of(quantization.observed(), engines, scale)) {
      for (int pass = 0; pass < passes; pass++) {
        for (byte[] picture : pictures) {
          run.run(picture);
          for (Map.Entry<String, RangeObserver> observer : observers.entrySet()) {
            String output = quantization.observedOutput(observer.getKey());
            observer.getValue().see(pass, run.output(output));
          }
        }
      }
    }
    Map<String, Range> ranges = new LinkedHashMap<>();
    for (Map.Entry<String, RangeObserver> observer : observers.entrySet()) {
      try {
        ranges.put(observer.getKey(), observer.getValue().range().rounded());
      } catch (IllegalArgumentException e) {
        throw new UnsupportedNetworkException(
            "tensor '%s': %s".formatted(observer.getKey(), e.getMessage()), e);
      }
    }
    return ranges;
  }
}
