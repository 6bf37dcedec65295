package dev.nereid.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Float16Test {

  @ParameterizedTest
  @CsvSource({
    "0x0000, 0.0",
    "0x8000, -0.0",
    "0x3c00, 1.0",
    "0xc000, -2.0",
    "0x7bff, 65504.0",
    "0x0400, 6.103515625E-5",
    "0x03ff, 6.097555160522461E-5",
    "0x0001, 5.960464477539063E-8",
    "0x3555, 0.333251953125",
    "0x7c00, Infinity",
    "0xfc00, -Infinity"
  })
  void knownNumbersConvertBothWays(String bits, float value) {
    short expected = (short) (int) Integer.decode(bits);

    assertThat(Float.floatToRawIntBits(Float16.toFloat(expected)))
        .isEqualTo(Float.floatToRawIntBits(value));
    assertThat(Float16.fromFloat(value)).isEqualTo(expected);
  }

  @Test
  void every16BitNumberSurvivesTheWayThroughAFloat() {
    List<Integer> broken = new ArrayList<>();
    for (int bits = 0; bits <= 0xffff; bits++) {
      float value = Float16.toFloat((short) bits);
      int back = Float16.fromFloat(value) & 0xffff;
      boolean same = Float.isNaN(value) ? isNan(back) : back == bits;
      if (!same) {
        broken.add(bits);
      }
    }
    assertThat(broken).isEmpty();
  }

  @Test
  void theNearestNumberIsTakenAndTiesGoToEven() {
    List<Integer> broken = new ArrayList<>();
    for (int bits = 0; bits < 0x7bff; bits++) {
      double lower = Float16.toFloat((short) bits);
      double upper = Float16.toFloat((short) (bits + 1));
      float middle = (float) ((lower + upper) / 2);
      int even = (bits & 1) == 0 ? bits : bits + 1;
      boolean right =
          Float16.fromFloat(middle) == even
              && Float16.fromFloat(Math.nextDown(middle)) == bits
              && Float16.fromFloat(Math.nextUp(middle)) == bits + 1
              && (Float16.fromFloat(-middle) & 0xffff) == (0x8000 | even);
      if (!right) {
        broken.add(bits);
      }
    }
    assertThat(broken).isEmpty();
  }

  @Test
  void whatIsTooLargeIsInfiniteAndWhatIsTooSmallIsZero() {
    assertThat(Float16.fromFloat(65519.996f)).isEqualTo((short) 0x7bff);
    assertThat(Float16.fromFloat(65520f)).isEqualTo((short) 0x7c00);
    assertThat(Float16.fromFloat(Float.MAX_VALUE)).isEqualTo((short) 0x7c00);
    assertThat(Float16.fromFloat(0x1p-25f)).isEqualTo((short) 0);
    assertThat(Float16.fromFloat(Math.nextUp(0x1p-25f))).isEqualTo((short) 1);
    assertThat(Float16.fromFloat(-Float.MIN_VALUE)).isEqualTo((short) 0x8000);
  }

  @Test
  void noNumberStaysNone() {
    assertThat(isNan(Float16.fromFloat(Float.NaN) & 0xffff)).isTrue();
    assertThat(isNan(Float16.fromFloat(Float.intBitsToFloat(0xff80_0001)) & 0xffff)).isTrue();
    assertThat(Float.isNaN(Float16.toFloat((short) 0x7c01))).isTrue();
  }

  private static boolean isNan(int bits) {
    return (bits & 0x7c00) == 0x7c00 && (bits & 0x03ff) != 0;
  }
}
