package dev.nereid.backend.tensorrt;

import dev.nereid.backend.TensorSpec;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;

/**
 * All that an engine depends on: two of the same key may stand for each other.
 *
 * @param modelDigest SHA-256 of the model's files
 * @param gpu of which the index does not count
 * @param tensorRtVersion whole, to the build
 * @param cudaVersion of the runtime
 * @param inputs of the model, in the order of the profile's ranges
 * @param profile that it is built for
 * @param profiles how often it has that profile
 */
record EngineKey(
    String modelDigest,
    Gpu gpu,
    String tensorRtVersion,
    String cudaVersion,
    BuildOptions options,
    List<TensorSpec> inputs,
    Profile profile,
    int profiles) {

  EngineKey {
    inputs = List.copyOf(inputs);
  }

  /** One line for each thing that it depends on; stands in the file. */
  String text() {
    StringBuilder text = new StringBuilder("engine\n");
    line(text, "model", modelDigest);
    line(text, "gpu", gpuText(gpu));
    line(text, "tensorrt", tensorRtVersion);
    line(text, "cuda", cudaVersion);
    line(text, "precision", options.precision());
    line(text, "workspace", options.maxWorkspaceSizeBytes());
    line(text, "level", options.optimizationLevel());
    for (int i = 0; i < inputs.size(); i++) {
      line(text, "input", inputs.get(i).name() + " " + profile.inputs().get(i));
    }
    line(text, "profiles", profiles);
    return text.toString();
  }

  /** A file's name, without a folder. */
  String fileName() {
    return hash(text()) + ".engine";
  }

  /** What measured times of kernels depend on. */
  String timingText() {
    return "timings\ngpu: " + gpuText(gpu) + "\ntensorrt: " + tensorRtVersion + "\n";
  }

  String timingFileName() {
    return hash(timingText()) + ".timings";
  }

  private static void line(StringBuilder text, String name, Object value) {
    text.append(name).append(": ").append(value).append('\n');
  }

  /** A slice of a GPU has fewer multiprocessors under the same name. */
  static String gpuText(Gpu gpu) {
    return "%s, %s, %d multiprocessors"
        .formatted(gpu.name(), gpu.computeCapability(), gpu.multiprocessors());
  }

  /** What of a text tells it from others, short enough for a file's name. */
  static String hash(String text) {
    byte[] digest = NativeBytes.newSha256().digest(text.getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(digest, 0, 16);
  }
}
