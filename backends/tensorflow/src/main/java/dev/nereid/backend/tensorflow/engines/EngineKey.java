package dev.nereid.backend.tensorflow.engines;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What engines depend on. Two keys that are equal have engines that may stand for each other.
 *
 * @param parts by name: the model's digest, the GPU, the versions, the parameters, the batch sizes
 */
public record EngineKey(Map<String, String> parts) {

  private static final int DIGITS = 32;

  public EngineKey {
    parts = Map.copyOf(parts);
    for (String text : parts.values()) {
      if (text.contains("\n")) {
        throw new IllegalArgumentException("parts: " + parts + " (expected: no line breaks)");
      }
    }
  }

  /** A line a part, in the order of their names. */
  public String text() {
    return new TreeMap<>(parts)
        .entrySet().stream()
            .map(part -> part.getKey() + ": " + part.getValue() + "\n")
            .collect(Collectors.joining());
  }

  /** Of the folder for such engines. */
  public String folder() {
    MessageDigest digest = NodeLines.sha256();
    digest.update(text().getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(digest.digest()).substring(0, DIGITS);
  }

  /** SHA-256 over the files of a model, with their names below the folder. */
  public static String digestOf(Path folder) throws IOException {
    MessageDigest digest = NodeLines.sha256();
    try (Stream<Path> walk = Files.walk(folder)) {
      List<Path> files = walk.filter(Files::isRegularFile).sorted().toList();
      for (Path file : files) {
        String name = folder.relativize(file).toString();
        digest.update((name + "\0").getBytes(StandardCharsets.UTF_8));
        update(digest, file);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  static String digestOfFile(Path file) throws IOException {
    MessageDigest digest = NodeLines.sha256();
    update(digest, file);
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void update(MessageDigest digest, Path file) throws IOException {
    byte[] chunk = new byte[1 << 20];
    try (InputStream in = Files.newInputStream(file)) {
      for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
        digest.update(chunk, 0, read);
      }
    }
  }
}
