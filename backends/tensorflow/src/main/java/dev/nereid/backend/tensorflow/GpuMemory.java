package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.Parameters;
import java.util.Optional;
import org.tensorflow.proto.GPUOptions;

/**
 * How much of a GPU TensorFlow takes. It has one allocator a GPU and a process, which the first
 * session makes: so this is the backend's to say, not a model's. What an unloaded model used stays
 * with that allocator, for the next model.
 *
 * @param fraction {@code gpu-memory-fraction}, as in Triton: of the GPU's memory, at most; 0 leaves
 *     it unbounded
 * @param allowGrowth {@code allow-growth}, ours: take memory as it is needed rather than all of it
 *     at once; as in Triton where it is not said: only where no fraction is
 */
record GpuMemory(double fraction, boolean allowGrowth) {

  private static final String FRACTION = "gpu-memory-fraction";

  static GpuMemory parse(Parameters parameters) throws BackendException {
    double fraction = fraction(parameters);
    return new GpuMemory(fraction, parameters.bool("allow-growth").orElse(fraction == 0));
  }

  private static double fraction(Parameters parameters) throws BackendException {
    Optional<String> text = parameters.text(FRACTION);
    if (text.isEmpty()) {
      return 0;
    }
    double value = Double.NaN;
    try {
      value = Double.parseDouble(text.get().strip());
    } catch (NumberFormatException e) {
      // Refused below, as NaN.
    }
    if (!(value >= 0 && value <= 1)) {
      throw parameters.refusal(FRACTION, "a number from 0 to 1");
    }
    return value;
  }

  GPUOptions toProto() {
    return GPUOptions.newBuilder()
        .setAllowGrowth(allowGrowth)
        .setPerProcessGpuMemoryFraction(fraction)
        .build();
  }
}
