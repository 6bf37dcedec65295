package dev.nereid.backend.tensorrt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.jna.Memory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("NullAway.Init") // JUnit fills the directory before each test.
class SealedFileTest {

  @TempDir private Path directory;

  private SealedFile file(String label) {
    return new SealedFile(directory.resolve("kept").resolve("a.engine"), label);
  }

  private static NativeBytes bytes(byte... content) {
    NativeBytes bytes = new NativeBytes(new Memory(content.length));
    bytes.memory().write(0, content, 0, content.length);
    return bytes;
  }

  private static byte[] write(SealedFile file, int length) throws IOException {
    byte[] content = new byte[length];
    new Random(length).nextBytes(content);
    try (NativeBytes bytes = bytes(content)) {
      file.write(bytes);
    }
    return content;
  }

  @Test
  void whatIsWrittenIsReadAndNothingElseIsLeftInTheFolder() throws Exception {
    byte[] content = write(file("for an H100"), 100_000);
    try (NativeBytes read = file("for an H100").read().orElseThrow()) {
      assertThat(read.memory().getByteArray(0, (int) read.byteSize())).isEqualTo(content);
    }
    try (Stream<Path> files = Files.list(directory.resolve("kept"))) {
      assertThat(files).containsExactly(file("").path());
    }
    byte[] next = write(file("for an H100"), 5);
    try (NativeBytes read = file("for an H100").read().orElseThrow()) {
      assertThat(read.memory().getByteArray(0, (int) read.byteSize())).isEqualTo(next);
    }
  }

  @Test
  void moreThanOneChunkGoesThrough() throws Exception {
    byte[] content = write(file(""), (1 << 24) + 17);
    try (NativeBytes read = file("").read().orElseThrow();
        NativeBytes copy = NativeBytes.copyOf(read.address(), read.byteSize())) {
      assertThat(copy.memory().getByteArray(0, (int) copy.byteSize())).isEqualTo(content);
      assertThat(copy.sha256()).isEqualTo(NativeBytes.newSha256().digest(content));
    }
  }

  @Test
  void noneIsThereBeforeItIsWrittenOrForSomethingElse() throws Exception {
    assertThat(file("for an H100").read()).isEmpty();
    write(file("for an H100"), 10);
    assertThat(file("for a T4").read()).isEmpty();
  }

  @Test
  void aFileThatIsCutOffOrChangedAnywhereCountsAsNone() throws Exception {
    write(file("label"), 10);
    byte[] whole = Files.readAllBytes(file("label").path());
    for (int i = 0; i < whole.length; i++) {
      Files.write(file("label").path(), Arrays.copyOf(whole, i));
      assertThat(file("label").read()).as("cut at %d", i).isEmpty();
      byte[] changed = whole.clone();
      changed[i] ^= 1;
      Files.write(file("label").path(), changed);
      assertThat(file("label").read()).as("changed at %d", i).isEmpty();
    }
  }

  @Test
  void whereNothingCanBeWrittenTheCallerIsTold() throws Exception {
    Files.createFile(directory.resolve("kept"));
    assertThatThrownBy(() -> write(file("label"), 10)).isInstanceOf(IOException.class);
  }
}
