package dev.nereid.backend.tensorflow.engines;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EngineFileTest {

  @TempDir Path directory;

  private EngineFile read(byte[] bytes) throws IOException {
    return EngineFile.read(Files.write(directory.resolve("engines"), bytes));
  }

  @Test
  void tellsTheBatchSizesOfItsEngines() throws Exception {
    assertThat(read(EngineRecords.of(1, 16, 64)).batchSizes())
        .containsExactlyInAnyOrder(1L, 16L, 64L);
    assertThat(read(new byte[0]).batchSizes()).isEmpty();
  }

  @Test
  void checksumsAreAsTensorFlowHasThem() {
    // The mask of a checksum of 0, by the definition of TFRecord files.
    assertThat(EngineFile.masked(0)).isEqualTo(0xa282ead8);
    assertThat(EngineFile.masked(0x8000)).isEqualTo(0xa282ead9);
  }

  @Test
  void aFileThatIsCutOffAnywhereIsRefused() throws Exception {
    byte[] whole = EngineRecords.of(16);
    for (int length = 1; length < whole.length; length++) {
      byte[] half = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> read(half)).as("%d bytes", length).isInstanceOf(IOException.class);
    }
  }

  @Test
  void aByteThatIsWrongIsFound() throws Exception {
    byte[] whole = EngineRecords.of(16, 64);
    for (int i = 0; i < whole.length; i++) {
      byte[] damaged = whole.clone();
      damaged[i] ^= 1;
      assertThatThrownBy(() -> read(damaged)).as("byte %d", i).isInstanceOf(IOException.class);
    }
  }
}
