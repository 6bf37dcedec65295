package dev.nereid.launcher.verify;

import dev.nereid.client.InferInput;
import dev.nereid.protocol.ModelMetadataResponse;
import dev.nereid.tensor.DataType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Pictures of random blocks of colour, 224 by 224, the same ones on every machine: values of 0 to
 * 255, as FP32 or as bytes, whichever a model takes.
 */
final class Pictures {

  private static final int SIDE = 224;
  private static final int BLOCK = 28;
  private static final int CHANNELS = 3;
  static final int VALUES = SIDE * SIDE * CHANNELS;

  private Pictures() {}

  /** Pictures {@code first} to {@code first + rows - 1} as the only input of a model. */
  static InferInput rows(ModelMetadataResponse model, int first, int rows) throws CheckFailure {
    ModelMetadataResponse.TensorMetadata input = model.getInputs(0);
    @Nullable DataType type = DataType.ofName(input.getDatatype());
    if (type != DataType.FP32 && type != DataType.UINT8) {
      throw new CheckFailure(
          "input '%s': %s (expected: FP32 or UINT8)"
              .formatted(input.getName(), input.getDatatype()));
    }
    ByteBuffer data =
        ByteBuffer.allocate(rows * VALUES * type.byteSize()).order(ByteOrder.LITTLE_ENDIAN);
    for (int row = 0; row < rows; row++) {
      byte[] picture = picture(first + row);
      for (byte value : picture) {
        if (type == DataType.UINT8) {
          data.put(value);
        } else {
          data.putFloat(value & 0xff);
        }
      }
    }
    long[] shape = {rows, SIDE, SIDE, CHANNELS};
    return new InferInput(input.getName(), type, shape, data.flip());
  }

  private static byte[] picture(int number) {
    SplittableRandom random = new SplittableRandom(number);
    int blocks = SIDE / BLOCK;
    byte[] colours = new byte[blocks * blocks * CHANNELS];
    random.nextBytes(colours);
    byte[] picture = new byte[VALUES];
    int at = 0;
    for (int y = 0; y < SIDE; y++) {
      for (int x = 0; x < SIDE; x++) {
        for (int c = 0; c < CHANNELS; c++) {
          picture[at++] = colours[(y / BLOCK * blocks + x / BLOCK) * CHANNELS + c];
        }
      }
    }
    return picture;
  }
}
