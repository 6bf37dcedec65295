package dev.nereid.models.quantize;

import dev.nereid.images.ImageFolder;
import dev.nereid.images.ImageFolderException;
import dev.nereid.tensor.DataType;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Pictures to find ranges on, and others of the same kind to judge the result by.
 *
 * @param origin where they are from, for people
 * @param calibration 8-bit pixels in the layout of the network's input
 * @param heldOut likewise
 * @param notes what to keep in mind about figures that come of them
 */
public record Pictures(
    String origin, List<byte[]> calibration, List<byte[]> heldOut, List<String> notes) {

  private static final String MADE_UP =
      "the pictures are made up: calibrate on real ones for answers to rely on";

  public Pictures {
    calibration = List.copyOf(calibration);
    heldOut = List.copyOf(heldOut);
    notes = List.copyOf(notes);
  }

  /** Where pictures come from, once it is known what shape they need. */
  @FunctionalInterface
  public interface Source {

    /**
     * @throws UnsupportedNetworkException if it has none of that shape
     */
    Pictures of(PictureInput input) throws UnsupportedNetworkException;
  }

  /**
   * Every JPEG and PNG of a folder, resized as the bench resizes them; every fourth is held out.
   */
  public static Source folder(Path folder) {
    return input -> {
      List<byte[]> calibration = new ArrayList<>();
      List<byte[]> heldOut = new ArrayList<>();
      try {
        for (ByteBuffer tensor : ImageFolder.load(folder, DataType.UINT8, input.shape())) {
          byte[] pixels = new byte[tensor.remaining()];
          tensor.get(pixels);
          (heldOut.size() * 4 + 3 == calibration.size() + heldOut.size() ? heldOut : calibration)
              .add(pixels);
        }
      } catch (ImageFolderException e) {
        throw new UnsupportedNetworkException(String.valueOf(e.getMessage()), e);
      }
      if (heldOut.isEmpty()) {
        throw new UnsupportedNetworkException(
            "images: %s has %d (expected: at least 4, of which one is held out)"
                .formatted(folder, calibration.size()));
      }
      return new Pictures("pictures of " + folder, calibration, heldOut, List.of());
    };
  }

  /** Made-up pictures, the same on any machine: a quarter as many are held out, and at least 4. */
  public static Source corpus(int count) {
    return input -> {
      int heldOut = Math.max(4, count / 4);
      List<byte[]> all = new ArrayList<>();
      for (int i = 0; i < count + heldOut; i++) {
        all.add(MadeUpPicture.pixels(i, input));
      }
      return new Pictures(
          "made-up pictures",
          all.subList(0, count),
          all.subList(count, count + heldOut),
          List.of(MADE_UP));
    };
  }
}
