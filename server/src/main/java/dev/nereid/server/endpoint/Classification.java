package dev.nereid.server.endpoint;

import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.inference.Tensor;
import dev.nereid.server.memory.TensorMemory;
import dev.nereid.tensor.BytesTensors;
import dev.nereid.tensor.DataType;
import io.netty.buffer.ByteBuf;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.stream.IntStream;

/**
 * Triton's classification extension: the largest elements of an output, each as {@code
 * value:index:label}, instead of the output.
 *
 * <p>Equal values are in the order of their index; NaN comes last.
 */
public final class Classification {

  private static final int MAX_ELEMENTS = 1_000_000;

  private Classification() {}

  /**
   * The classes of one output.
   *
   * @param output not released here
   * @param count how many of each row; fewer where a row has fewer elements
   * @param labels by index; an index without one has none in its text
   * @param batching whether the first dimension is rows, each to be classified alone
   * @return BYTES of shape [rows, classes], or [classes] without rows; its memory is the caller's
   * @throws InferenceException INVALID_ARGUMENT if the type cannot be ordered or the tensor is too
   *     large
   */
  public static Tensor classify(
      Tensor output, int count, List<String> labels, boolean batching, TensorMemory memory)
      throws InferenceException {
    DataType type = output.type();
    switch (type) {
      case BOOL, FP16, BF16, BYTES ->
          throw new InferenceException(
              StatusCode.INVALID_ARGUMENT,
              "class result not available for output due to unsupported type '" + type + "'");
      default -> {}
    }
    int elements = output.data().readableBytes() / type.byteSize();
    if (elements > MAX_ELEMENTS) {
      throw new InferenceException(
          StatusCode.INVALID_ARGUMENT, "classification output tensor too large");
    }
    int rows = batching ? (int) output.shape()[0] : 1;
    int perRow = rows == 0 ? 0 : elements / rows;
    int classes = Math.min(count, perRow);
    ByteBuffer data = output.data().nioBuffer().order(ByteOrder.LITTLE_ENDIAN);
    List<ByteBuffer> texts =
        IntStream.range(0, rows)
            .boxed()
            .flatMap(
                row ->
                    first(classes, perRow, largestFirst(type, data, row * perRow)).stream()
                        .map(index -> text(type, data, row * perRow, index, labels)))
            .map(text -> ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)))
            .toList();
    int bytes = BytesTensors.encodedBytes(texts);
    ByteBuf result = memory.allocate(bytes);
    BytesTensors.encode(texts, result.nioBuffer(0, bytes));
    result.writerIndex(bytes);
    long[] shape = batching ? new long[] {rows, classes} : new long[] {classes};
    return new Tensor(output.name(), DataType.BYTES, shape, result);
  }

  /**
   * The first {@code count} of {@code 0..size-1}, in order. Without sorting them all, as that would
   * hold up the event loop for a second where there are a million of which one is wanted.
   */
  private static List<Integer> first(int count, int size, Comparator<Integer> order) {
    if (count == 0) {
      return List.of();
    }
    PriorityQueue<Integer> lastFirst = new PriorityQueue<>(count, order.reversed());
    for (int i = 0; i < size; i++) {
      if (lastFirst.size() < count) {
        lastFirst.add(i);
      } else if (order.compare(i, lastFirst.element()) < 0) {
        lastFirst.remove();
        lastFirst.add(i);
      }
    }
    List<Integer> first = new ArrayList<>(lastFirst);
    first.sort(order);
    return first;
  }

  private static Comparator<Integer> largestFirst(DataType type, ByteBuffer data, int start) {
    Comparator<Integer> smallestFirst =
        switch (type) {
          case FP32, FP64 ->
              Comparator.comparingDouble(
                  i -> {
                    double value = floating(type, data, start + i);
                    return Double.isNaN(value) ? Double.NEGATIVE_INFINITY : value;
                  });
          case UINT64 ->
              (a, b) ->
                  Long.compareUnsigned(
                      integer(type, data, start + a), integer(type, data, start + b));
          default -> Comparator.comparingLong(i -> integer(type, data, start + i));
        };
    return smallestFirst.reversed().thenComparing(Comparator.naturalOrder());
  }

  private static String text(
      DataType type, ByteBuffer data, int start, int index, List<String> labels) {
    String value =
        switch (type) {
          case FP32, FP64 -> decimal(floating(type, data, start + index));
          case UINT64 -> Long.toUnsignedString(integer(type, data, start + index));
          default -> Long.toString(integer(type, data, start + index));
        };
    String label = index < labels.size() ? labels.get(index) : "";
    return value + ":" + index + (label.isEmpty() ? "" : ":" + label);
  }

  /** As C prints {@code %f}. */
  private static String decimal(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    BigDecimal rounded = new BigDecimal(Math.abs(value)).setScale(6, RoundingMode.HALF_EVEN);
    boolean negative = Double.doubleToRawLongBits(value) < 0;
    return (negative ? "-" : "") + rounded.toPlainString();
  }

  private static double floating(DataType type, ByteBuffer data, int index) {
    return type == DataType.FP32 ? data.getFloat(index * 4) : data.getDouble(index * 8);
  }

  private static long integer(DataType type, ByteBuffer data, int index) {
    return switch (type) {
      case INT8 -> data.get(index);
      case UINT8 -> Byte.toUnsignedLong(data.get(index));
      case INT16 -> data.getShort(index * 2);
      case UINT16 -> Short.toUnsignedLong(data.getShort(index * 2));
      case INT32 -> data.getInt(index * 4);
      case UINT32 -> Integer.toUnsignedLong(data.getInt(index * 4));
      case INT64, UINT64 -> data.getLong(index * 8);
      default -> throw new AssertionError("type: " + type + " (expected: an integer)");
    };
  }
}
