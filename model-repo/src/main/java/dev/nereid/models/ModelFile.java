package dev.nereid.models;

import dev.nereid.backend.BackendException;
import dev.nereid.models.resnet.ResNet50;
import java.io.IOException;
import java.io.OutputStream;

/** A file that holds the network, which any number of models share. */
enum ModelFile {
  SAVED_MODEL("TensorFlow SavedModel", Place.SAVED_MODEL) {
    @Override
    void write(OutputStream output, ResNetFiles files) throws IOException {
      ResNet50.writeSavedModel(output, files.seed());
    }
  },
  SAVED_MODEL_INT8("TensorFlow SavedModel with 8-bit ranges", Place.SAVED_MODEL) {
    @Override
    void write(OutputStream output, ResNetFiles files) throws IOException, BackendException {
      files.savedModelInt8().write(output);
    }
  },
  SAVED_MODEL_INT8_PIXELS(
      "TensorFlow SavedModel with 8-bit ranges and 8-bit pixels", Place.SAVED_MODEL) {
    @Override
    void write(OutputStream output, ResNetFiles files) throws IOException, BackendException {
      ResNetFiles.ofPixels(files.savedModelInt8()).write(output);
    }
  },
  ONNX("ONNX file", Place.ONNX) {
    @Override
    void write(OutputStream output, ResNetFiles files) throws IOException {
      ResNet50.writeOnnx(output, files.seed());
    }
  },
  ONNX_INT8("ONNX file in 8 bits for a CPU", Place.ONNX) {
    @Override
    void write(OutputStream output, ResNetFiles files) throws IOException, BackendException {
      files.onnxInt8().write(output);
    }
  },
  ONNX_TENSORRT_INT8("ONNX file in 8 bits for TensorRT", Place.ONNX) {
    @Override
    void write(OutputStream output, ResNetFiles files) throws IOException, BackendException {
      files.tensorRtInt8().write(output);
    }
  },
  ONNX_TENSORRT_INT8_PIXELS("ONNX file in 8 bits for TensorRT with 8-bit pixels", Place.ONNX) {
    @Override
    void write(OutputStream output, ResNetFiles files) throws IOException, BackendException {
      ResNetFiles.ofPixels(files.tensorRtInt8()).write(output);
    }
  };

  /** Where the server looks for a format inside a version's folder. */
  private static final class Place {
    static final String SAVED_MODEL = "model.savedmodel/saved_model.pb";
    static final String ONNX = "model.onnx";
  }

  private final String title;
  private final String filename;

  ModelFile(String title, String filename) {
    this.title = title;
    this.filename = filename;
  }

  String title() {
    return title;
  }

  /** The file, relative to the version's folder. */
  String filename() {
    return filename;
  }

  /** Writes it; {@code output} stays open. */
  abstract void write(OutputStream output, ResNetFiles files) throws IOException, BackendException;
}
