package dev.nereid.backend.onnxruntime;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What TensorRT's engines of a model depend on beside the GPU and the libraries: the model's files,
 * its weights among them, and the options of the build. The engine's own names of cache files leave
 * the weights out.
 */
final class EngineKey {

  private static final int SHOWN_BYTES = 12;
  private static final int CHUNK_BYTES = 1 << 16;

  private EngineKey() {}

  /**
   * A folder's name: the model's, and a digest.
   *
   * @param model the model's file; all files beside it count, as weights may lie there
   * @param options of the TensorRT provider
   */
  static String of(String modelName, Path model, Map<String, String> options) throws IOException {
    MessageDigest digest = sha256();
    for (Path file : files(model)) {
      digest.update(text(file.getFileName() + "\n" + Files.size(file) + "\n"));
      update(digest, file);
    }
    digest.update(text(new TreeMap<>(options).toString()));
    String hex = HexFormat.of().formatHex(digest.digest(), 0, SHOWN_BYTES);
    return modelName.replaceAll("[^A-Za-z0-9._-]", "_") + "-" + hex;
  }

  private static List<Path> files(Path model) throws IOException {
    Path folder = model.toAbsolutePath().getParent();
    try (Stream<Path> files = Files.list(folder == null ? Path.of("/") : folder)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }

  private static void update(MessageDigest digest, Path file) throws IOException {
    byte[] chunk = new byte[CHUNK_BYTES];
    try (InputStream in = Files.newInputStream(file)) {
      for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
        digest.update(chunk, 0, read);
      }
    }
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
