package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.tensorflow.graph.DevicePlacement;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.SavedModel;

/**
 * A SavedModel's folder with its graphs on one GPU, beside links to the same variables and assets:
 * TensorFlow has no other way to load a SavedModel on another GPU than the first. Needed while it
 * is loaded.
 *
 * @param folder a temporary one
 */
record PlacedSavedModel(Path folder) implements AutoCloseable {

  private static final String FILE = "saved_model.pb";

  static PlacedSavedModel of(ModelSource source, String device) throws BackendException {
    Path original = SavedModelFile.folder(source).toAbsolutePath();
    try {
      PlacedSavedModel placed =
          new PlacedSavedModel(Files.createTempDirectory("nereid-saved-model-"));
      try {
        placed.fill(original, device);
        return placed;
      } catch (IOException | RuntimeException e) {
        placed.close();
        throw e;
      }
    } catch (IOException e) {
      throw new BackendException(
          "unable to load model '%s', its graph cannot be put on %s: %s"
              .formatted(source.modelName(), device, e),
          e);
    }
  }

  private void fill(Path original, String device) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(original)) {
      for (Path entry : entries) {
        Path name = entry.getFileName();
        if (name != null && !name.toString().equals(FILE)) {
          Files.createSymbolicLink(folder.resolve(name.toString()), entry);
        }
      }
    }
    try (InputStream in = Files.newInputStream(original.resolve(FILE));
        OutputStream out = Files.newOutputStream(folder.resolve(FILE))) {
      SavedModel.Builder model = SavedModel.parseFrom(in).toBuilder();
      for (MetaGraphDef.Builder graph : model.getMetaGraphsBuilderList()) {
        graph.setGraphDef(DevicePlacement.on(device, graph.getGraphDef()));
      }
      model.build().writeTo(out);
    }
  }

  /** Removes the folder: files and links of it, and nothing behind them. */
  @Override
  public void close() {
    try {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
        for (Path entry : entries) {
          Files.deleteIfExists(entry);
        }
      }
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      // Left to whoever cleans the temporary folder.
    }
  }
}
