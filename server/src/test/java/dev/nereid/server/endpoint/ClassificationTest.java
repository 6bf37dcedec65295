package dev.nereid.server.endpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.Tensor;
import dev.nereid.server.memory.TensorMemory;
import dev.nereid.tensor.BytesTensors;
import dev.nereid.tensor.DataType;
import dev.nereid.tensor.RawTensors;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Classes instead of tensors. */
class ClassificationTest {

  private static final List<String> NO_LABELS = List.of();

  private final TensorMemory memory = new TensorMemory(1 << 20);

  private List<String> classes(
      DataType type, ByteBuffer data, int count, List<String> labels, long... shape)
      throws InferenceException {
    Tensor output = new Tensor("OUT", type, shape, Unpooled.wrappedBuffer(data));
    Tensor classes = Classification.classify(output, count, labels, shape.length > 1, memory);
    List<String> texts = BytesTensors.toStrings(classes.data().nioBuffer());
    assertThat(classes.name()).isEqualTo("OUT");
    assertThat(classes.type()).isEqualTo(DataType.BYTES);
    long[] expectedShape =
        shape.length > 1
            ? new long[] {shape[0], texts.size() / shape[0]}
            : new long[] {texts.size()};
    assertThat(classes.shape()).containsExactly(expectedShape);
    classes.data().release();
    output.data().release();
    assertThat(memory.usedBytes()).isZero();
    return texts;
  }

  @Test
  void theLargestComeFirstWithSixDecimalsIndexAndLabel() throws InferenceException {
    assertThat(
            classes(
                DataType.FP32,
                RawTensors.ofFloats(0.25f, 0.5f, 0.125f),
                2,
                List.of("cat", "dog", "bird"),
                1,
                3))
        .containsExactly("0.500000:1:dog", "0.250000:0:cat");
  }

  @Test
  void decimalsAreRoundedAsInC() throws InferenceException {
    assertThat(
            classes(
                DataType.FP64,
                RawTensors.ofDoubles(1e20, 0.1, 0.0000005, 1e-9, -1e-9),
                5,
                NO_LABELS,
                5))
        .containsExactly(
            "100000000000000000000.000000:0",
            "0.100000:1",
            "0.000000:2",
            "0.000000:3",
            "-0.000000:4");
  }

  @Test
  void anIndexWithoutALabelHasNone() throws InferenceException {
    assertThat(classes(DataType.INT32, RawTensors.ofInts(1, 3, 2), 3, List.of("a", "b"), 3))
        .containsExactly("3:1:b", "2:2", "1:0:a");
  }

  @Test
  void everyRowIsClassifiedAlone() throws InferenceException {
    assertThat(classes(DataType.INT32, RawTensors.ofInts(1, 2, 3, 9, 8, 7), 1, NO_LABELS, 2, 3))
        .containsExactly("3:2", "9:0");
  }

  @Test
  void thereAreNoMoreClassesThanElements() throws InferenceException {
    assertThat(classes(DataType.INT8, RawTensors.ofBytes((byte) -1, (byte) 1), 99, NO_LABELS, 1, 2))
        .containsExactly("1:1", "-1:0");
  }

  @Test
  void equalValuesKeepTheirOrder() throws InferenceException {
    assertThat(classes(DataType.INT16, RawTensors.ofShorts(new short[3]), 3, NO_LABELS, 3))
        .containsExactly("0:0", "0:1", "0:2");
  }

  @Test
  void fewClassesAreTheFirstOfAll() throws InferenceException {
    int[] values = new Random(5).ints(500, 0, 40).toArray();
    List<String> all = classes(DataType.INT32, RawTensors.ofInts(values), 500, NO_LABELS, 500);

    assertThat(all)
        .isEqualTo(
            IntStream.range(0, 500)
                .boxed()
                .sorted(Comparator.comparing(i -> -values[i]))
                .map(i -> values[i] + ":" + i)
                .toList());
    for (int count : new int[] {1, 7, 499}) {
      assertThat(classes(DataType.INT32, RawTensors.ofInts(values), count, NO_LABELS, 500))
          .isEqualTo(all.subList(0, count));
    }
  }

  @Test
  void unsignedTypesAreUnsigned() throws InferenceException {
    assertThat(classes(DataType.UINT8, RawTensors.ofBytes((byte) 1, (byte) -1), 1, NO_LABELS, 2))
        .containsExactly("255:1");
    assertThat(
            classes(DataType.UINT16, RawTensors.ofShorts((short) 1, (short) -1), 1, NO_LABELS, 2))
        .containsExactly("65535:1");
    assertThat(classes(DataType.UINT32, RawTensors.ofInts(1, -1), 1, NO_LABELS, 2))
        .containsExactly("4294967295:1");
    assertThat(classes(DataType.UINT64, RawTensors.ofLongs(1, -1), 1, NO_LABELS, 2))
        .containsExactly("18446744073709551615:1");
    assertThat(classes(DataType.INT64, RawTensors.ofLongs(1, -1), 1, NO_LABELS, 2))
        .containsExactly("1:0");
  }

  @Test
  void whatIsNotANumberComesLast() throws InferenceException {
    assertThat(
            classes(
                DataType.FP32,
                RawTensors.ofFloats(Float.NaN, 1, Float.POSITIVE_INFINITY),
                3,
                NO_LABELS,
                3))
        .containsExactly("inf:2", "1.000000:1", "nan:0");
  }

  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      names = {"BOOL", "FP16", "BF16", "BYTES"})
  void typesWithoutAnOrderAreRefused(DataType type) {
    assertThatThrownBy(() -> classes(type, ByteBuffer.allocate(8), 1, NO_LABELS, 4))
        .hasMessage("class result not available for output due to unsupported type '" + type + "'");
  }

  @Test
  void anOutputOfMoreThanAMillionElementsIsRefused() {
    assertThatThrownBy(
            () -> classes(DataType.INT8, ByteBuffer.allocate(1_000_001), 1, NO_LABELS, 1_000_001))
        .hasMessage("classification output tensor too large");
  }

  @Test
  void aRowWithoutElementsHasNoClasses() throws InferenceException {
    assertThat(classes(DataType.FP32, ByteBuffer.allocate(0), 5, NO_LABELS, 0)).isEmpty();
  }
}
