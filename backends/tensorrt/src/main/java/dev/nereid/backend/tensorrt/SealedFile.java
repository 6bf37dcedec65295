package dev.nereid.backend.tensorrt;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file that says what it is about, and whether it is whole: a label, the SHA-256 of the content,
 * the content. Written aside and moved to its place in one step, so that a process that dies or a
 * disk that fills leaves none that is half there; a file of somebody else's under that name counts
 * as none.
 *
 * @param label what the content depends on; a file with another label counts as none
 */
record SealedFile(Path path, String label) {

  private static final Logger log = LoggerFactory.getLogger(SealedFile.class);

  private static final String MAGIC = "nereid sealed file 1\n";
  private static final int DIGEST_BYTES = 32;

  /**
   * The content; empty where there is no such file, or with a line in the log where it is not whole
   * or another's.
   *
   * @return to be closed by the caller
   */
  Optional<NativeBytes> read() {
    try (FileChannel file = FileChannel.open(path)) {
      byte[] head = head();
      ByteBuffer found = ByteBuffer.allocate(head.length + DIGEST_BYTES);
      while (found.hasRemaining() && file.read(found) >= 0) {
        // As long as there is something to read.
      }
      if (found.hasRemaining()
          || !Arrays.equals(head, 0, head.length, found.array(), 0, head.length)) {
        return refused("it is not what its name says");
      }
      NativeBytes content = NativeBytes.read(file);
      byte[] digest = Arrays.copyOfRange(found.array(), head.length, found.capacity());
      if (!Arrays.equals(digest, content.sha256())) {
        content.close();
        return refused("it is damaged");
      }
      return Optional.of(content);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      return refused(e.toString());
    }
  }

  private Optional<NativeBytes> refused(String why) {
    log.warn("{} is made again, since {}", path, why);
    return Optional.empty();
  }

  /** Writes it, in the place of whatever was there. */
  void write(NativeBytes content) throws IOException {
    Path directory = Files.createDirectories(path.resolveSibling(""));
    Path beside = Files.createTempFile(directory, "writing-", ".part");
    try {
      try (FileChannel file = FileChannel.open(beside, StandardOpenOption.WRITE)) {
        ByteBuffer head = ByteBuffer.wrap(concat(head(), content.sha256()));
        while (head.hasRemaining()) {
          file.write(head);
        }
        content.write(file);
        file.force(true);
      }
      Files.move(beside, path, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(beside);
    }
  }

  private byte[] head() {
    byte[] text = label.getBytes(StandardCharsets.UTF_8);
    return concat((MAGIC + text.length + "\n").getBytes(StandardCharsets.UTF_8), text);
  }

  private static byte[] concat(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }
}
