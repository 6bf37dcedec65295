package dev.nereid.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.tensor.BytesTensors.Outcome;
import dev.nereid.tensor.BytesTensors.Scan;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class BytesTensorsTest {

  @Test
  void anElementIsItsLittleEndianLengthAndItsBytes() {
    ByteBuffer data = BytesTensors.ofStrings("ab", "", "ü");

    assertThat(RawTensors.toBytes(data))
        .containsExactly(2, 0, 0, 0, 'a', 'b', 0, 0, 0, 0, 2, 0, 0, 0, 0xc3, 0xbc);
    assertThat(BytesTensors.toStrings(data)).containsExactly("ab", "", "ü");
  }

  @Test
  void aScanOfAsManyElementsAsExpectedIsComplete() {
    assertThat(BytesTensors.scan(BytesTensors.ofStrings("ab", "c"), 2))
        .isEqualTo(new Scan(Outcome.COMPLETE, 2, 0, 0));
    assertThat(BytesTensors.scan(bytes(), 0)).isEqualTo(new Scan(Outcome.COMPLETE, 0, 0, 0));
  }

  @Test
  void tooFewElementsAreCounted() {
    assertThat(BytesTensors.scan(BytesTensors.ofStrings("ab"), 2))
        .isEqualTo(new Scan(Outcome.TOO_FEW, 1, 0, 0));
    assertThat(BytesTensors.scan(bytes(), 1)).isEqualTo(new Scan(Outcome.TOO_FEW, 0, 0, 0));
  }

  @Test
  void theFirstElementTooManyEndsTheScan() {
    assertThat(BytesTensors.scan(BytesTensors.ofStrings("a", "b", "c", "d"), 2))
        .isEqualTo(new Scan(Outcome.TOO_MANY, 3, 0, 0));
    assertThat(BytesTensors.scan(bytes(0, 0, 0, 0), 0).outcome()).isEqualTo(Outcome.TOO_MANY);
  }

  @Test
  void aLengthThatIsCutOffComesBeforeAWrongCount() {
    assertThat(BytesTensors.scan(bytes(1, 0, 0, 0, 'a', 7, 0), 1))
        .isEqualTo(new Scan(Outcome.INCOMPLETE_LENGTH, 1, 4, 2));
    assertThat(BytesTensors.scan(bytes(1, 0, 0, 0, 'a', 7), 5))
        .isEqualTo(new Scan(Outcome.INCOMPLETE_LENGTH, 1, 4, 1));
  }

  @Test
  void tooFewElementsComeBeforeALastOneThatIsCutOff() {
    assertThat(BytesTensors.scan(bytes(5, 0, 0, 0, 'a'), 2))
        .isEqualTo(new Scan(Outcome.TOO_FEW, 1, 5, 1));
    assertThat(BytesTensors.scan(bytes(5, 0, 0, 0, 'a'), 1))
        .isEqualTo(new Scan(Outcome.TRUNCATED_ELEMENT, 1, 5, 1));
  }

  @Test
  void lengthsAreUnsigned() {
    assertThat(BytesTensors.scan(bytes(255, 255, 255, 255), 1))
        .isEqualTo(new Scan(Outcome.TRUNCATED_ELEMENT, 1, 4294967295L, 0));
    assertThatThrownBy(() -> BytesTensors.decode(bytes(255, 255, 255, 255, 1)))
        .isInstanceOf(MalformedTensorException.class)
        .hasMessage("element 0: 1 bytes (expected: 4294967295)");
  }

  @Test
  void decodingNamesTheElementThatIsCutOff() {
    assertThatThrownBy(() -> BytesTensors.decode(bytes(0, 0, 0, 0, 1, 0, 0)))
        .isInstanceOf(MalformedTensorException.class)
        .hasMessage("length of element 1: 3 bytes (expected: 4)");
  }

  @Test
  void onlyWhatLiesBetweenPositionAndLimitIsRead() {
    ByteBuffer data = bytes(9, 9, 1, 0, 0, 0, 'a', 9).position(2).limit(7);

    assertThat(BytesTensors.scan(data, 1).isComplete()).isTrue();
    assertThat(BytesTensors.toStrings(data)).containsExactly("a");
    assertThat(data.position()).isEqualTo(2);
    assertThat(data.limit()).isEqualTo(7);
  }

  @Test
  void decodedElementsCannotBeWritten() {
    assertThat(BytesTensors.decode(bytes(1, 0, 0, 0, 'a')).get(0).isReadOnly()).isTrue();
  }

  @Test
  void encodingAdvancesTheTargetAndNotTheElements() {
    ByteBuffer element = bytes('a', 'b');
    ByteBuffer target = ByteBuffer.allocate(10);

    BytesTensors.encode(List.of(element), target);

    assertThat(target.position()).isEqualTo(6);
    assertThat(element.remaining()).isEqualTo(2);
    assertThatThrownBy(() -> BytesTensors.encode(List.of(element), target))
        .isInstanceOf(BufferOverflowException.class);
  }

  private static ByteBuffer bytes(int... values) {
    ByteBuffer buffer = ByteBuffer.allocate(values.length);
    for (int value : values) {
      buffer.put((byte) value);
    }
    return buffer.flip();
  }
}
