package dev.nereid.server.scheduling;

import dev.nereid.tensor.BytesTensors;
import dev.nereid.tensor.DataType;
import dev.nereid.tensor.Shapes;
import io.netty.buffer.ByteBuf;

/** Where each entry's rows begin in an output of the whole batch. */
final class RowOffsets {

  private RowOffsets() {}

  /**
   * Byte offsets of every entry's first row, and the end.
   *
   * @param entryRows rows of every entry; their sum is the output's first dimension
   * @throws MisbehavingBackendException if the elements of a BYTES output do not end where it ends
   */
  static int[] of(String name, OutputTensor output, int[] entryRows) {
    long rows = 0;
    for (int entry : entryRows) {
      rows += entry;
    }
    return output.type() == DataType.BYTES
        ? ofStrings(name, output, entryRows, Shapes.elementCount(output.shape()) / rows)
        : ofFixedSize(entryRows, (int) (output.data().readableBytes() / rows));
  }

  private static int[] ofFixedSize(int[] entryRows, int rowBytes) {
    int[] offsets = new int[entryRows.length + 1];
    for (int i = 0; i < entryRows.length; i++) {
      offsets[i + 1] = offsets[i] + entryRows[i] * rowBytes;
    }
    return offsets;
  }

  private static int[] ofStrings(
      String name, OutputTensor output, int[] entryRows, long rowElements) {
    int[] offsets = new int[entryRows.length + 1];
    ByteBuf data = output.data();
    int end = data.readableBytes();
    int offset = 0;
    for (int i = 0; i < entryRows.length; i++) {
      for (long element = entryRows[i] * rowElements; element > 0; element--) {
        long next = offset + (long) BytesTensors.LENGTH_BYTES;
        if (next <= end) {
          next += data.getUnsignedIntLE(offset);
        }
        if (next > end) {
          throw new MisbehavingBackendException(
              "output '%s': a BYTES element at byte %d ends behind the last one (expected: at most %d)"
                  .formatted(name, offset, end));
        }
        offset = (int) next;
      }
      offsets[i + 1] = offset;
    }
    if (offset != end) {
      throw new MisbehavingBackendException(
          "output '%s': BYTES elements end at byte %d (expected: %d)".formatted(name, offset, end));
    }
    return offsets;
  }
}
