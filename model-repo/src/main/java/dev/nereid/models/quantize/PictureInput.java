package dev.nereid.models.quantize;

import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.TensorSpec;
import dev.nereid.tensor.DataType;
import dev.nereid.tensor.Shapes;
import java.util.Arrays;
import java.util.List;

/**
 * The one input of a network that takes pictures.
 *
 * @param batch pictures a run: 1, or as many as the network is fixed to
 * @param shape of one picture: [height, width, channels] or [channels, height, width]
 */
public record PictureInput(String name, int batch, long[] shape) {

  /**
   * Finds it.
   *
   * @throws UnsupportedNetworkException if the network takes something else
   */
  public static PictureInput of(ModelSignature signature) throws UnsupportedNetworkException {
    List<TensorSpec> inputs = signature.inputs();
    if (inputs.size() != 1) {
      throw new UnsupportedNetworkException("inputs: " + inputs + " (expected: one, of pictures)");
    }
    TensorSpec input = inputs.get(0);
    long[] shape = input.shape();
    if (input.type() != DataType.FP32 || shape.length != 4 || !isPicture(shape)) {
      throw new UnsupportedNetworkException(
          "input '%s': %s%s (expected: FP32[-1,height,width,3] or FP32[-1,3,height,width], or 1 for 3)"
              .formatted(input.name(), input.type(), Shapes.text(shape)));
    }
    int batch = shape[0] == Shapes.VARIABLE ? 1 : Math.toIntExact(shape[0]);
    return new PictureInput(input.name(), batch, Arrays.copyOfRange(shape, 1, 4));
  }

  private static boolean isPicture(long[] shape) {
    boolean sized = shape[1] > 0 && shape[2] > 0 && shape[3] > 0;
    return sized && (isChannels(shape[3]) || isChannels(shape[1])) && shape[0] != 0;
  }

  private static boolean isChannels(long dimension) {
    return dimension == 3 || dimension == 1;
  }

  /** Whether its channels stand before height and width. */
  public boolean channelsFirst() {
    return !isChannels(shape[2]);
  }

  /** Numbers of one picture. */
  public int elements() {
    return Math.toIntExact(Shapes.elementCount(shape));
  }

  /** The channel of a picture's number. */
  int channel(int element) {
    return channelsFirst()
        ? element / Math.toIntExact(shape[1] * shape[2])
        : element % Math.toIntExact(shape[2]);
  }
}
