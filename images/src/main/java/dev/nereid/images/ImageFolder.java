package dev.nereid.images;

import dev.nereid.tensor.DataType;
import dev.nereid.tensor.RawTensors;
import dev.nereid.tensor.Shapes;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/**
 * The pictures of a folder as tensors of one shape.
 *
 * <p>Each is prepared as the tutorial's client does: taken as RGB, resized to the model's height
 * and width whatever its proportions (bilinear: {@link BilinearResize}), and left as it is
 * otherwise: a value v within 0 to 255 becomes the float v, without mean or scale. Layouts:
 * [height, width, 3] and [3, height, width]; one channel instead of three takes ITU-R 601 luma,
 * (19595·R + 38470·G + 7471·B + 2^15) / 2^16. Datatypes: FP32, FP16, BF16 and UINT8.
 */
public final class ImageFolder {
  private static final int MOST_PICTURES = 1024;
  private static final long MOST_BYTES = 512L << 20;

  private ImageFolder() {}

  /**
   * Reads every JPEG and PNG of a folder in the order of their names, at most {@value
   * #MOST_PICTURES} of them and at most 512 MiB of tensors.
   *
   * @param shape of one picture, without a batch dimension
   * @return one tensor a picture, raw-encoded
   * @throws ImageFolderException if there is none, one cannot be read, or the shape is no picture's
   */
  public static List<ByteBuffer> load(Path folder, DataType type, long... shape)
      throws ImageFolderException {
    Layout layout = Layout.of(shape);
    List<ByteBuffer> tensors = new ArrayList<>();
    long bytes = 0;
    for (Path file : pictures(folder)) {
      ByteBuffer tensor = encode(type, layout.arrange(read(file)));
      bytes += tensor.remaining();
      tensors.add(tensor);
      if (tensors.size() == MOST_PICTURES || bytes > MOST_BYTES) {
        break;
      }
    }
    if (tensors.isEmpty()) {
      throw new ImageFolderException(
          "images: " + folder + " has none (expected: .jpg, .jpeg or .png files)");
    }
    return tensors;
  }

  private static List<Path> pictures(Path folder) throws ImageFolderException {
    if (!Files.isDirectory(folder)) {
      throw new ImageFolderException("images: " + folder + " (expected: a directory)");
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(ImageFolder::isPicture).filter(Files::isRegularFile).sorted().toList();
    } catch (IOException e) {
      throw new ImageFolderException("images: " + folder + ": " + e.getMessage(), e);
    }
  }

  private static boolean isPicture(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    return name.endsWith(".jpg") || name.endsWith(".jpeg") || name.endsWith(".png");
  }

  private static BufferedImage read(Path file) throws ImageFolderException {
    BufferedImage image;
    try {
      image = ImageIO.read(file.toFile());
    } catch (IOException | RuntimeException e) {
      // Decoders throw more than they declare on damaged files.
      throw new ImageFolderException("image: " + file + ": " + e.getMessage(), e);
    }
    if (image == null) {
      throw new ImageFolderException("image: " + file + " (expected: a JPEG or a PNG)");
    }
    return image;
  }

  /** Each pixel as 0xRRGGBB, row by row; a grey one three times its value. */
  private static int[] rgb(BufferedImage image) {
    int width = image.getWidth();
    int height = image.getHeight();
    ColorModel colours = image.getColorModel();
    if (colours.getColorSpace().getType() != ColorSpace.TYPE_GRAY) {
      return image.getRGB(0, 0, width, height, null, 0, width);
    }
    // Java takes grey for linear light and would brighten it: 128 becomes 188.
    int shift = Math.max(0, colours.getComponentSize(0) - 8);
    int[] grey = image.getRaster().getSamples(0, 0, width, height, 0, (int[]) null);
    for (int i = 0; i < grey.length; i++) {
      grey[i] = (grey[i] >> shift) * 0x010101;
    }
    return grey;
  }

  private static ByteBuffer encode(DataType type, float[] values) throws ImageFolderException {
    return switch (type) {
      case FP32 -> RawTensors.ofFloats(values);
      case FP16 -> RawTensors.ofFloat16s(values);
      case BF16 -> RawTensors.ofBFloat16s(values);
      case UINT8 -> {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
          bytes[i] = (byte) values[i];
        }
        yield RawTensors.ofBytes(bytes);
      }
      default ->
          throw new ImageFolderException(
              "datatype of images: " + type + " (expected: FP32, FP16, BF16 or UINT8)");
    };
  }

  private record Layout(int height, int width, int channels, boolean channelsFirst) {

    static Layout of(long... shape) throws ImageFolderException {
      if (shape.length == 3) {
        boolean last = isChannels(shape[2]);
        if (last && isSize(shape[0]) && isSize(shape[1])) {
          return new Layout((int) shape[0], (int) shape[1], (int) shape[2], false);
        }
        if (isChannels(shape[0]) && isSize(shape[1]) && isSize(shape[2])) {
          return new Layout((int) shape[1], (int) shape[2], (int) shape[0], true);
        }
      }
      throw new ImageFolderException(
          "shape of images: "
              + Shapes.text(shape)
              + " (expected: [height,width,3] or [3,height,width], or 1 for 3)");
    }

    private static boolean isChannels(long dimension) {
      return dimension == 3 || dimension == 1;
    }

    private static boolean isSize(long dimension) {
      return dimension >= 1 && dimension <= 16_384;
    }

    float[] arrange(BufferedImage image) {
      int[] source = pixels(image);
      int[] resized =
          BilinearResize.resize(
              source, image.getWidth(), image.getHeight(), channels, width, height);
      float[] values = new float[resized.length];
      for (int pixel = 0; pixel < width * height; pixel++) {
        for (int c = 0; c < channels; c++) {
          int to = channelsFirst ? c * width * height + pixel : pixel * channels + c;
          values[to] = resized[pixel * channels + c];
        }
      }
      return values;
    }

    private int[] pixels(BufferedImage image) {
      int[] rgb = rgb(image);
      int[] pixels = new int[rgb.length * channels];
      for (int i = 0; i < rgb.length; i++) {
        int red = rgb[i] >> 16 & 255;
        int green = rgb[i] >> 8 & 255;
        int blue = rgb[i] & 255;
        if (channels == 1) {
          pixels[i] = (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16;
        } else {
          pixels[3 * i] = red;
          pixels[3 * i + 1] = green;
          pixels[3 * i + 2] = blue;
        }
      }
      return pixels;
    }
  }
}
