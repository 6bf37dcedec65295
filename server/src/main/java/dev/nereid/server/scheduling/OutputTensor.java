package dev.nereid.server.scheduling;

import dev.nereid.server.inference.DevicePart;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.memory.TensorSource;
import dev.nereid.tensor.DataType;
import dev.nereid.tensor.Shapes;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * One output as a backend wrote it: of a whole batch, or of one entry.
 *
 * @param shape full, as the engine sees it
 * @param data one reference belongs to whoever holds this; empty where it is on a GPU
 * @param onDevice where the backend writes it on a GPU; null in the host's memory
 */
record OutputTensor(DataType type, long[] shape, ByteBuf data, @Nullable DevicePart onDevice) {

  /** In the host's memory. */
  OutputTensor(DataType type, long[] shape, ByteBuf data) {
    this(type, shape, data, null);
  }

  /**
   * Memory for an output that the configuration lists.
   *
   * @throws MisbehavingBackendException if type, shape and size do not go together, or are not what
   *     the configuration says
   */
  static OutputTensor allocate(
      ModelLayout layout,
      ModelOutput output,
      int rows,
      DataType type,
      long[] shape,
      long byteSize,
      TensorSource memory) {
    check(layout, output, rows, type, shape);
    if (type.isFixedSize() && byteSize != Shapes.elementCount(shape) * type.byteSize()) {
      throw new MisbehavingBackendException(
          "output '%s' of model '%s': %d bytes (expected: %d for %s%s)"
              .formatted(
                  output.name(),
                  layout.modelName(),
                  byteSize,
                  Shapes.elementCount(shape) * type.byteSize(),
                  type,
                  Shapes.text(shape)));
    }
    try {
      ByteBuf data = memory.allocate(byteSize);
      data.writerIndex((int) byteSize);
      return new OutputTensor(type, shape.clone(), data);
    } catch (InferenceException refusal) {
      throw new TensorMemoryExhaustedException(refusal);
    }
  }

  /** Checks an output against what the configuration says of it. */
  static void check(ModelLayout layout, ModelOutput output, int rows, DataType type, long[] shape) {
    long[] expected = output.spec().shape();
    if (layout.isBatching() && expected.length > 0) {
      expected[0] = rows;
    }
    if (type != output.spec().type()
        || !Shapes.matches(expected, shape)
        || Shapes.isVariable(shape)) {
      throw new MisbehavingBackendException(
          "output '%s' of model '%s': the backend gave %s%s (expected: %s%s)"
              .formatted(
                  output.name(),
                  layout.modelName(),
                  type,
                  Shapes.text(shape),
                  output.spec().type(),
                  Shapes.text(expected)));
    }
  }

  /** Where the backend writes it. */
  ByteBuffer writable() {
    return data.nioBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }
}
