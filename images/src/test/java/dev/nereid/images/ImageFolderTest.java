package dev.nereid.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.tensor.DataType;
import dev.nereid.tensor.RawTensors;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageFolderTest {
  @TempDir private Path folder;

  private void picture(String name, String format, int rgb) throws IOException {
    BufferedImage image = new BufferedImage(20, 10, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < 10; y++) {
      for (int x = 0; x < 20; x++) {
        image.setRGB(x, y, rgb);
      }
    }
    ImageIO.write(image, format, folder.resolve(name).toFile());
  }

  @Test
  void valuesStayWithinZeroTo255AsTheTutorialSendsThem() throws Exception {
    picture("a.png", "png", 0x0a6480);
    List<ByteBuffer> tensors = ImageFolder.load(folder, DataType.FP32, 4, 4, 3);

    float[] values = RawTensors.toFloats(tensors.get(0));
    assertThat(values).hasSize(48).startsWith(10f, 100f, 128f).endsWith(10f, 100f, 128f);
  }

  @Test
  void channelsFirstIsTheOtherLayout() throws Exception {
    picture("a.png", "png", 0x0a6480);
    float[] values = RawTensors.toFloats(ImageFolder.load(folder, DataType.FP32, 3, 2, 2).get(0));

    assertThat(values).containsExactly(10, 10, 10, 10, 100, 100, 100, 100, 128, 128, 128, 128);
  }

  @Test
  void oneChannelIsLuma() throws Exception {
    picture("a.png", "png", 0x0a6480);
    byte[] values = RawTensors.toBytes(ImageFolder.load(folder, DataType.UINT8, 1, 1, 1).get(0));

    // (19595·10 + 38470·100 + 7471·128 + 2^15) / 2^16
    assertThat(values).containsExactly(76);
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "jpg"})
  void aGreyPictureKeepsItsValues(String format) throws Exception {
    BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_GRAY);
    for (int i = 0; i < 64; i++) {
      image.getRaster().setSample(i % 8, i / 8, 0, 128);
    }
    ImageIO.write(image, format, folder.resolve("grey." + format).toFile());

    float[] values = RawTensors.toFloats(ImageFolder.load(folder, DataType.FP32, 1, 1, 3).get(0));

    assertThat(values).containsExactly(128, 128, 128);
  }

  @Test
  void jpegsAndPngsComeInTheOrderOfTheirNamesAndOtherFilesAreLeftOut() throws Exception {
    picture("b.jpg", "jpg", 0xffffff);
    picture("a.png", "png", 0x000000);
    picture("c.JPEG", "jpg", 0x808080);
    Files.writeString(folder.resolve("notes.txt"), "not a picture");

    List<ByteBuffer> tensors = ImageFolder.load(folder, DataType.FP32, 1, 1, 3);

    assertThat(tensors).hasSize(3);
    assertThat(RawTensors.toFloats(tensors.get(0))[0]).isZero();
    assertThat(RawTensors.toFloats(tensors.get(1))[0]).isGreaterThan(250);
    assertThat(RawTensors.toFloats(tensors.get(2))[0]).isBetween(120f, 136f);
  }

  @Test
  void aFolderWithoutPicturesIsRefused() {
    assertThatThrownBy(() -> ImageFolder.load(folder, DataType.FP32, 4, 4, 3))
        .isInstanceOf(ImageFolderException.class)
        .hasMessageContaining("expected: .jpg, .jpeg or .png files");
    assertThatThrownBy(() -> ImageFolder.load(folder.resolve("no"), DataType.FP32, 4, 4, 3))
        .hasMessageEndingWith("(expected: a directory)");
  }

  @Test
  void aFileThatIsNoPictureIsNamed() throws IOException {
    Files.writeString(folder.resolve("broken.jpg"), "garbage");

    assertThatThrownBy(() -> ImageFolder.load(folder, DataType.FP32, 4, 4, 3))
        .isInstanceOf(ImageFolderException.class)
        .hasMessageContaining("broken.jpg");
  }

  @Test
  void aPictureThatWasCutShortIsNamed() throws IOException {
    picture("cut.png", "png", 0x123456);
    byte[] bytes = Files.readAllBytes(folder.resolve("cut.png"));
    Files.write(folder.resolve("cut.png"), java.util.Arrays.copyOf(bytes, bytes.length / 2));

    assertThatThrownBy(() -> ImageFolder.load(folder, DataType.FP32, 4, 4, 3))
        .isInstanceOf(ImageFolderException.class)
        .hasMessageContaining("cut.png");
  }

  @Test
  void aShapeOrADatatypeThatIsNoPicturesIsRefused() throws IOException {
    picture("a.png", "png", 0);

    assertThatThrownBy(() -> ImageFolder.load(folder, DataType.FP32, 16))
        .hasMessage(
            "shape of images: [16] (expected: [height,width,3] or [3,height,width], or 1 for 3)");
    assertThatThrownBy(() -> ImageFolder.load(folder, DataType.INT64, 4, 4, 3))
        .hasMessage("datatype of images: INT64 (expected: FP32, FP16, BF16 or UINT8)");
  }
}
