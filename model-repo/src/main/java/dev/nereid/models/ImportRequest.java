package dev.nereid.models;

import dev.nereid.models.quantize.Pictures;
import dev.nereid.models.quantize.PixelScale;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What to make models around.
 *
 * @param model a SavedModel's folder or an ONNX file
 * @param into the repository's folder; made where it is missing
 * @param name that every model's begins with
 * @param pictures to calibrate models of 8 bits on; those are left out where there are none
 * @param scale what the model's clients do with pixels
 * @param labels a file with a line a class
 * @param force writes also over folders that were not made here
 */
record ImportRequest(
    ModelOnDisk model,
    Path into,
    String name,
    Optional<Pictures.Source> pictures,
    PixelScale scale,
    Optional<Path> labels,
    boolean force) {

  /**
   * @throws IllegalArgumentException if the name is none for a folder
   */
  ImportRequest {
    if (!name.matches("[A-Za-z0-9][A-Za-z0-9_.-]*")) {
      throw new IllegalArgumentException(
          "name: " + name + " (expected: letters, digits, and _ . - behind the first)");
    }
  }
}
