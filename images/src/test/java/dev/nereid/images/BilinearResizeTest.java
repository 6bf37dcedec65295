package dev.nereid.images;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

/** The expected values are those of Pillow's {@code resize(size, BILINEAR)} on the same pixels. */
class BilinearResizeTest {

  private static int[] pattern(int width, int height) {
    int[] pixels = new int[width * height * 3];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        for (int c = 0; c < 3; c++) {
          pixels[(y * width + x) * 3 + c] = (x * 37 + y * 59 + c * 101 + x * y * 13) % 256;
        }
      }
    }
    return pixels;
  }

  @Test
  void shrinkingAveragesAsPillowDoes() {
    assertThat(BilinearResize.resize(pattern(7, 5), 7, 5, 3, 3, 2))
        .containsExactly(
            100, 131, 109, 126, 130, 132, 132, 121, 151, 167, 99, 113, 150, 135, 130, 119, 117,
            146);
  }

  @Test
  void growingInterpolatesAsPillowDoes() {
    int[] resized = BilinearResize.resize(pattern(7, 5), 7, 5, 3, 10, 8);

    assertThat(resized).hasSize(240).startsWith(0, 101, 202, 20, 121, 222, 46, 147, 184);
    assertThat(resized).endsWith(93, 94, 54, 155, 2, 103, 204);
  }

  @Test
  void aWholePhotographBecomesPillowsBytes() {
    int[] resized = BilinearResize.resize(pattern(640, 427), 640, 427, 3, 224, 224);
    CRC32 crc = new CRC32();
    for (int value : resized) {
      crc.update(value);
    }
    assertThat(crc.getValue()).isEqualTo(3625524528L);
  }
}
