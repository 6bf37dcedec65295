package dev.nereid.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Function;
import net.jqwik.api.Assume;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

class RawTensorsProperties {

  @Property
  void whatWasEncodedIsDecoded(
      @ForAll boolean[] booleans,
      @ForAll byte[] bytes,
      @ForAll short[] shorts,
      @ForAll int[] ints,
      @ForAll long[] longs,
      @ForAll float[] floats,
      @ForAll double[] doubles) {
    assertThat(RawTensors.toBooleans(RawTensors.ofBooleans(booleans))).isEqualTo(booleans);
    assertThat(RawTensors.toBytes(RawTensors.ofBytes(bytes))).isEqualTo(bytes);
    assertThat(RawTensors.toShorts(RawTensors.ofShorts(shorts))).isEqualTo(shorts);
    assertThat(RawTensors.toInts(RawTensors.ofInts(ints))).isEqualTo(ints);
    assertThat(RawTensors.toLongs(RawTensors.ofLongs(longs))).isEqualTo(longs);
    assertThat(RawTensors.toFloats(RawTensors.ofFloats(floats))).isEqualTo(floats);
    assertThat(RawTensors.toDoubles(RawTensors.ofDoubles(doubles))).isEqualTo(doubles);
  }

  @Property
  void halvesAreRoundedOnce(@ForAll float[] values) {
    float[] halves = RawTensors.float16sToFloats(RawTensors.ofFloat16s(values));
    float[] brains = RawTensors.bfloat16sToFloats(RawTensors.ofBFloat16s(values));

    for (int i = 0; i < values.length; i++) {
      assertThat(halves[i]).isEqualTo(Float16.toFloat(Float16.fromFloat(values[i])));
      assertThat(brains[i]).isEqualTo(BFloat16.toFloat(BFloat16.fromFloat(values[i])));
    }
  }

  @Property
  void theSizeIsExactOrRefused(
      @ForAll DataType type,
      @ForAll @Size(max = 4) List<@LongRange(max = 1L << 40) Long> dimensions) {
    long[] shape = dimensions.stream().mapToLong(Long::longValue).toArray();
    Assume.that(type.isFixedSize());
    BigInteger exact = BigInteger.valueOf(type.byteSize());
    for (long dimension : shape) {
      exact = exact.multiply(BigInteger.valueOf(dimension));
    }

    if (exact.bitLength() < Long.SIZE) {
      assertThat(RawTensors.byteSize(type, shape)).isEqualTo(exact.longValueExact());
    } else {
      assertThatThrownBy(() -> RawTensors.byteSize(type, shape))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Property
  void anyBytesAreDecodedOrRefusedAsMalformed(@ForAll byte[] garbage) {
    ByteBuffer data = ByteBuffer.wrap(garbage);

    decodeOrRefuse(data, 2, buffer -> RawTensors.toShorts(buffer).length);
    decodeOrRefuse(data, 4, buffer -> RawTensors.toInts(buffer).length);
    decodeOrRefuse(data, 8, buffer -> RawTensors.toLongs(buffer).length);
    decodeOrRefuse(data, 4, buffer -> RawTensors.toFloats(buffer).length);
    decodeOrRefuse(data, 8, buffer -> RawTensors.toDoubles(buffer).length);
    decodeOrRefuse(data, 2, buffer -> RawTensors.float16sToFloats(buffer).length);
    decodeOrRefuse(data, 2, buffer -> RawTensors.bfloat16sToFloats(buffer).length);
    assertThat(RawTensors.toBooleans(data)).hasSize(garbage.length);
    assertThat(data.position()).isZero();
  }

  @Example
  void elementsAreLittleEndian() {
    assertThat(RawTensors.toBytes(RawTensors.ofInts(0x01020304))).containsExactly(4, 3, 2, 1);
    assertThat(RawTensors.toBytes(RawTensors.ofFloats(1f))).containsExactly(0, 0, 0x80, 0x3f);
    assertThat(RawTensors.toBytes(RawTensors.ofFloat16s(1f))).containsExactly(0, 0x3c);
    assertThat(RawTensors.toBytes(RawTensors.ofBFloat16s(1f))).containsExactly(0x80, 0x3f);
    assertThat(RawTensors.toBytes(RawTensors.ofBooleans(true, false))).containsExactly(1, 0);
  }

  @Example
  void theSizeOfBytesLiesInTheData() {
    assertThatThrownBy(() -> RawTensors.byteSize(DataType.BYTES, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("type: BYTES (expected: a type of fixed size)");
  }

  @Example
  void sizesAreThoseOfTheProtocol() {
    assertThat(RawTensors.byteSize(DataType.FP32, 1, 224, 224, 3)).isEqualTo(602_112);
    assertThat(RawTensors.byteSize(DataType.INT8)).isEqualTo(1);
    assertThat(RawTensors.byteSize(DataType.FP64, 3, 0)).isZero();
    assertThatThrownBy(() -> RawTensors.byteSize(DataType.FP64, 1L << 60))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("shape: [1152921504606846976] of FP64 (expected: at most 2^63-1 bytes)");
  }

  private static void decodeOrRefuse(
      ByteBuffer data, int elementBytes, Function<ByteBuffer, Integer> elements) {
    if (data.remaining() % elementBytes == 0) {
      assertThat(elements.apply(data)).isEqualTo(data.remaining() / elementBytes);
    } else {
      assertThatThrownBy(() -> elements.apply(data))
          .isInstanceOf(MalformedTensorException.class)
          .hasMessage(
              "data: "
                  + data.remaining()
                  + " bytes (expected: a multiple of "
                  + elementBytes
                  + ")");
    }
  }
}
