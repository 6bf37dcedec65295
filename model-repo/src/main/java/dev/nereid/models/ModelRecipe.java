package dev.nereid.models;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One model of the repository: its name, its file, and the sets it belongs to. Its {@code
 * config.pbtxt} is the resource {@code <name>.pbtxt} beside this class.
 */
record ModelRecipe(String name, ModelFile file, Set<Variant> variants) {

  private static final Set<Variant> LADDER = EnumSet.of(Variant.CPU, Variant.QUICKSTART);
  private static final Set<Variant> TUTORIAL = EnumSet.of(Variant.TUTORIAL, Variant.GPU);

  /** Every model there is, each set in the order in which it is to be climbed. */
  static final List<ModelRecipe> ALL =
      List.of(
          new ModelRecipe("resnet50_original", ModelFile.SAVED_MODEL, EnumSet.allOf(Variant.class)),
          new ModelRecipe("resnet50_onnx", ModelFile.ONNX, LADDER),
          new ModelRecipe("resnet50_onnx_bs1", ModelFile.ONNX, LADDER),
          new ModelRecipe("resnet50_onnx_bs1_count2", ModelFile.ONNX, LADDER),
          new ModelRecipe("resnet50_onnx_int8", ModelFile.ONNX_INT8, EnumSet.of(Variant.CPU)),
          new ModelRecipe("resnet50_tftrt_fp32", ModelFile.SAVED_MODEL, TUTORIAL),
          new ModelRecipe("resnet50_tftrt_fp16", ModelFile.SAVED_MODEL, TUTORIAL),
          new ModelRecipe("resnet50_tftrt_int8", ModelFile.SAVED_MODEL_INT8, TUTORIAL),
          new ModelRecipe("resnet50_tftrt_int8_bs16_count4", ModelFile.SAVED_MODEL_INT8, TUTORIAL),
          ofGpu("resnet50_tftrt_int8_uint8", ModelFile.SAVED_MODEL_INT8_PIXELS),
          ofGpu("resnet50_tensorrt_fp16", ModelFile.ONNX),
          ofGpu("resnet50_tensorrt_int8", ModelFile.ONNX_TENSORRT_INT8),
          ofGpu("resnet50_tensorrt_int8_tuned", ModelFile.ONNX_TENSORRT_INT8_PIXELS));

  ModelRecipe {
    variants = Set.copyOf(variants);
  }

  private static ModelRecipe ofGpu(String name, ModelFile file) {
    return new ModelRecipe(name, file, EnumSet.of(Variant.GPU));
  }

  /**
   * Every configuration of the model, by its path in the model's folder: {@code config.pbtxt}, and
   * for the tutorial's first model also those of the tutorial's others that are the same file with
   * another configuration, where {@code --model-config-name} looks. Those have no {@code name}, so
   * that it is the folder's.
   */
  SortedMap<String, String> configs(int cpuThreads) {
    SortedMap<String, String> texts = new TreeMap<>();
    texts.put("config.pbtxt", config(cpuThreads));
    if (isFirstOfTutorial()) {
      for (ModelRecipe other : ALL) {
        if (other.file == file && !other.equals(this)) {
          String file = other.name.substring("resnet50_".length()) + ".pbtxt";
          String named = "name: \"" + other.name + "\"\n";
          texts.put("configs/" + file, other.config(cpuThreads).replace(named, ""));
        }
      }
    }
    return texts;
  }

  private boolean isFirstOfTutorial() {
    return equals(
        ALL.stream()
            .filter(recipe -> recipe.variants.contains(Variant.TUTORIAL))
            .findFirst()
            .orElseThrow());
  }

  /**
   * The text of {@code config.pbtxt}.
   *
   * @param cpuThreads threads that the model may compute on, all its instances together
   */
  String config(int cpuThreads) {
    try (InputStream resource = ModelRecipe.class.getResourceAsStream(name + ".pbtxt")) {
      if (resource == null) {
        throw new IllegalStateException(name + ".pbtxt: missing from the jar");
      }
      return new String(resource.readAllBytes(), StandardCharsets.UTF_8)
          .replace("${cpu-threads}", Integer.toString(cpuThreads))
          .replace("${cpu-threads-half}", Integer.toString(Math.max(1, cpuThreads / 2)));
    } catch (IOException e) {
      throw new IllegalStateException(name + ".pbtxt: cannot be read from the jar", e);
    }
  }
}
