package dev.nereid.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.tensor.BytesTensors.Outcome;
import dev.nereid.tensor.BytesTensors.Scan;
import java.nio.ByteBuffer;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

class BytesTensorsProperties {

  @Property
  void whatWasEncodedIsDecoded(@ForAll List<byte[]> values) {
    List<ByteBuffer> elements = values.stream().map(ByteBuffer::wrap).toList();

    ByteBuffer data = BytesTensors.encode(elements);

    assertThat(data.remaining()).isEqualTo(BytesTensors.encodedBytes(elements));
    assertThat(BytesTensors.decode(data)).isEqualTo(elements);
    assertThat(BytesTensors.scan(data, values.size()).isComplete()).isTrue();
    assertThat(BytesTensors.scan(data, values.size() + 1L).outcome()).isEqualTo(Outcome.TOO_FEW);
  }

  @Property
  void everyCutInsideAnElementIsFound(
      @ForAll List<byte[]> values, @ForAll @IntRange(max = 10_000) int cut) {
    List<ByteBuffer> elements = values.stream().map(ByteBuffer::wrap).toList();
    ByteBuffer data = BytesTensors.encode(elements);
    ByteBuffer prefix = data.slice(0, Math.min(cut, data.remaining()));
    long whole = wholeElements(prefix);

    Scan scan = BytesTensors.scan(prefix, values.size());

    assertThat(scan.isComplete()).isEqualTo(whole == values.size());
    if (scan.outcome() == Outcome.TRUNCATED_ELEMENT) {
      assertThat(scan.elements()).isEqualTo(whole + 1);
      assertThat(scan.availableBytes()).isLessThan(scan.neededBytes());
    }
  }

  @Property(tries = 5_000)
  void garbageIsScannedToSomeOutcomeAndDecodedOrRefused(
      @ForAll("garbage") byte[] garbage, @ForAll @LongRange(max = 20) long expectedElements) {
    ByteBuffer data = ByteBuffer.wrap(garbage);

    Scan scan = BytesTensors.scan(data, expectedElements);

    if (scan.isComplete()) {
      assertThat(BytesTensors.decode(data)).hasSize((int) expectedElements);
    } else if (scan.outcome() == Outcome.INCOMPLETE_LENGTH
        || scan.outcome() == Outcome.TRUNCATED_ELEMENT) {
      assertThatThrownBy(() -> BytesTensors.decode(data))
          .isInstanceOf(MalformedTensorException.class);
    }
    assertThat(data.position()).isZero();
  }

  /** Small bytes, so that lengths lead somewhere, among any. */
  @Provide
  Arbitrary<byte[]> garbage() {
    Arbitrary<Byte> mostlySmall =
        Arbitraries.frequencyOf(
            net.jqwik.api.Tuple.of(6, Arbitraries.just((byte) 0)),
            net.jqwik.api.Tuple.of(2, Arbitraries.bytes().between((byte) 0, (byte) 6)),
            net.jqwik.api.Tuple.of(1, Arbitraries.bytes()));
    return mostlySmall.array(byte[].class).ofMaxSize(64);
  }

  /** The same count by other means. */
  private static long wholeElements(ByteBuffer data) {
    int at = 0;
    long count = 0;
    while (at + 4 <= data.limit()) {
      long length =
          (data.get(at) & 0xffL)
              | (data.get(at + 1) & 0xffL) << 8
              | (data.get(at + 2) & 0xffL) << 16
              | (data.get(at + 3) & 0xffL) << 24;
      if (at + 4 + length > data.limit()) {
        return count;
      }
      at += 4 + (int) length;
      count++;
    }
    return count;
  }
}
