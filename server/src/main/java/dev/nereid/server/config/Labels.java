package dev.nereid.server.config;

import dev.nereid.protocol.ModelConfig;
import dev.nereid.protocol.ModelOutput;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The class labels of outputs: one line of a file for each class, by its index. */
final class Labels {

  /** Many times the classes of the largest label sets in use. */
  static final long MAX_BYTES = 64 << 20;

  private Labels() {}

  /**
   * Reads every label file that the outputs name.
   *
   * @throws ConfigException if one is outside the model's directory, missing, too large, or not
   *     UTF-8
   */
  static Map<String, List<String>> read(ConfigText text, ModelConfig config, Path modelDirectory)
      throws ConfigException {
    Map<String, List<String>> labels = new HashMap<>();
    for (int i = 0; i < config.getOutputCount(); i++) {
      ModelOutput output = config.getOutput(i);
      if (output.getLabelFilename().isEmpty()) {
        continue;
      }
      Object[] field = {"output", i, "label_filename"};
      Path file;
      try {
        file = modelDirectory.resolve(output.getLabelFilename()).normalize();
      } catch (InvalidPathException e) {
        throw text.refuse(output.getLabelFilename(), "a file's name", field);
      }
      if (!file.startsWith(modelDirectory.normalize())) {
        throw text.fail(
            "label file path '%s' for output '%s' in model '%s' is outside model directory"
                .formatted(
                    modelDirectory + "/" + output.getLabelFilename(),
                    output.getName(),
                    config.getName()),
            field);
      }
      try {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
          // To open a named pipe would wait for somebody to write to it.
          throw text.refuse(output.getLabelFilename(), "a regular file", field);
        }
        if (Files.size(file) > MAX_BYTES) {
          throw text.refuse(
              output.getLabelFilename(), "a file of at most " + MAX_BYTES + " bytes", field);
        }
        labels.put(output.getName(), Files.readAllLines(file));
      } catch (CharacterCodingException e) {
        throw text.refuse(output.getLabelFilename(), "a file in UTF-8", field);
      } catch (IOException e) {
        throw text.refuse(output.getLabelFilename(), "a file that can be read, but: " + e, field);
      }
    }
    return labels;
  }
}
