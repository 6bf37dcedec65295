package dev.nereid.models;

import dev.nereid.models.resnet.ResNet50;
import java.io.IOException;
import java.io.OutputStream;

/** A file format of a model, and where the server looks for it inside a version's folder. */
enum ModelFormat {
  SAVED_MODEL("TensorFlow SavedModel", "model.savedmodel/saved_model.pb") {
    @Override
    void write(OutputStream output, long seed) throws IOException {
      ResNet50.writeSavedModel(output, seed);
    }
  },
  ONNX("ONNX file", "model.onnx") {
    @Override
    void write(OutputStream output, long seed) throws IOException {
      ResNet50.writeOnnx(output, seed);
    }
  };

  private final String title;
  private final String filename;

  ModelFormat(String title, String filename) {
    this.title = title;
    this.filename = filename;
  }

  String title() {
    return title;
  }

  /** The model's file, relative to the version's folder. */
  String filename() {
    return filename;
  }

  /** Writes the model; {@code output} stays open. */
  abstract void write(OutputStream output, long seed) throws IOException;
}
