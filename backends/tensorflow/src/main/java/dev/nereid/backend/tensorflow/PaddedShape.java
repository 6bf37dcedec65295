package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.Batch;
import dev.nereid.tensor.Shapes;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * How large an input's tensor is, and how much of it the batch fills.
 *
 * @param shape of the tensor
 * @param byteSize of the tensor; 0 for strings, whose size only they know
 * @param ownByteSize of the batch's rows, which come first
 */
record PaddedShape(long[] shape, int byteSize, int ownByteSize) {

  /**
   * @param rows of the tensor, no fewer than the batch's; not looked at where the input has no
   *     batch dimension
   */
  static PaddedShape of(Port port, Batch batch, int rows, boolean batching)
      throws BackendException {
    long[] own = port.scalar() ? new long[0] : batch.inputShape(port.configured().name());
    long[] shape = own.clone();
    if (batching && shape.length > 0) {
      shape[0] = rows;
    }
    int elementBytes = port.configured().type().byteSize();
    return new PaddedShape(shape, bytes(port, shape, elementBytes), bytes(port, own, elementBytes));
  }

  private static int bytes(Port port, long[] shape, int elementBytes) throws BackendException {
    long bytes = Shapes.elementCount(shape) * Math.max(0, elementBytes);
    if (bytes > Integer.MAX_VALUE) {
      throw new BackendException(
          "input '%s': %d bytes (expected: at most %d)"
              .formatted(port.configured().name(), bytes, Integer.MAX_VALUE));
    }
    return (int) bytes;
  }

  boolean isPadded() {
    return byteSize != ownByteSize;
  }

  /** Copies the batch's rows to the front of the tensor's memory. */
  void copyOwn(String name, Batch batch, ByteBuffer destination) {
    batch.copyInput(name, destination.slice(0, ownByteSize).order(destination.order()));
  }

  /** Writes zeros behind the batch's rows: numbers that no operator trips over. */
  void fillRest(ByteBuffer destination) {
    ByteBuffer rest = destination.slice(ownByteSize, byteSize - ownByteSize);
    while (rest.remaining() >= Long.BYTES) {
      rest.putLong(0);
    }
    while (rest.hasRemaining()) {
      rest.put((byte) 0);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PaddedShape that
        && Arrays.equals(shape, that.shape)
        && byteSize == that.byteSize
        && ownByteSize == that.ownByteSize;
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(shape);
  }

  @Override
  public String toString() {
    return Shapes.text(shape) + " of " + byteSize + " bytes, " + ownByteSize + " its own";
  }
}
