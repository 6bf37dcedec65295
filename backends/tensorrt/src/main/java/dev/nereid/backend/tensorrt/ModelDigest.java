package dev.nereid.backend.tensorrt;

import dev.nereid.backend.BackendException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Set;

/** SHA-256 of a model's files: its own, and those beside it that hold its weights. */
final class ModelDigest {

  private ModelDigest() {}

  /**
   * @param others names relative to the file's folder, sorted
   */
  static String of(Path file, Set<String> others) throws BackendException {
    MessageDigest digest = NativeBytes.newSha256();
    add(digest, file);
    for (String other : others) {
      // Length and name come between, so that bytes cannot move from one file to the next unseen.
      digest.update((other + "\n").getBytes(StandardCharsets.UTF_8));
      add(digest, file.resolveSibling(other));
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void add(MessageDigest digest, Path file) throws BackendException {
    try (InputStream in = Files.newInputStream(file);
        OutputStream out = new DigestOutputStream(OutputStream.nullOutputStream(), digest)) {
      digest.update((Files.size(file) + "\n").getBytes(StandardCharsets.UTF_8));
      in.transferTo(out);
    } catch (IOException e) {
      throw new BackendException(file + ": cannot be read: " + e, e);
    }
  }
}
