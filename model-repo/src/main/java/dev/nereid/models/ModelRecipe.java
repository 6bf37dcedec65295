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
 * One model of the repository: its name, its format, and the sets it belongs to. Its {@code
 * config.pbtxt} is the resource {@code <name>.pbtxt} beside this class.
 */
record ModelRecipe(String name, ModelFormat format, Set<Variant> variants) {

  /** Every model there is, each set in the order in which it is to be climbed. */
  static final List<ModelRecipe> ALL =
      List.of(
          new ModelRecipe(
              "resnet50_original", ModelFormat.SAVED_MODEL, EnumSet.allOf(Variant.class)),
          ofCpu("resnet50_onnx"),
          ofCpu("resnet50_onnx_bs1"),
          ofCpu("resnet50_onnx_bs1_count2"),
          ofTutorial("resnet50_tftrt_fp32"),
          ofTutorial("resnet50_tftrt_fp16"),
          ofTutorial("resnet50_tftrt_int8"),
          ofTutorial("resnet50_tftrt_int8_bs16_count4"));

  ModelRecipe {
    variants = Set.copyOf(variants);
  }

  private static ModelRecipe ofCpu(String name) {
    return new ModelRecipe(name, ModelFormat.ONNX, EnumSet.of(Variant.CPU));
  }

  private static ModelRecipe ofTutorial(String name) {
    return new ModelRecipe(name, ModelFormat.SAVED_MODEL, EnumSet.of(Variant.TUTORIAL));
  }

  /**
   * Every configuration of the model, by its path in the model's folder: {@code config.pbtxt}, and
   * for the tutorial's first model also the tutorial's others, which are the same file with another
   * configuration, where {@code --model-config-name} looks. Those have no {@code name}, so that it
   * is the folder's.
   */
  SortedMap<String, String> configs(int cpuThreads) {
    SortedMap<String, String> texts = new TreeMap<>();
    texts.put("config.pbtxt", config(cpuThreads));
    if (variants.containsAll(EnumSet.allOf(Variant.class))) {
      for (ModelRecipe other : ALL) {
        if (other.format == format && !other.equals(this)) {
          String file = other.name.substring("resnet50_".length()) + ".pbtxt";
          String named = "name: \"" + other.name + "\"\n";
          texts.put("configs/" + file, other.config(cpuThreads).replace(named, ""));
        }
      }
    }
    return texts;
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
