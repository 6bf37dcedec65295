package dev.nereid.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class BFloat16Properties {

  @Property
  void every16BitNumberSurvivesTheWayThroughAFloat(@ForAll short bits) {
    float value = BFloat16.toFloat(bits);

    if (Float.isNaN(value)) {
      assertThat(BFloat16.toFloat(BFloat16.fromFloat(value))).isNaN();
    } else {
      assertThat(BFloat16.fromFloat(value)).isEqualTo(bits);
    }
  }

  @Property
  void noOtherNumberIsNearer(@ForAll float value) {
    short nearest = BFloat16.fromFloat(value);

    if (Float.isFinite(BFloat16.toFloat(nearest)) && nearest != 0 && nearest != (short) 0x8000) {
      double error = distance(nearest, value);
      assertThat(error).isLessThanOrEqualTo(distance((short) (nearest + 1), value));
      assertThat(error).isLessThanOrEqualTo(distance((short) (nearest - 1), value));
    }
  }

  @Example
  void tiesGoToEvenAndTooLargeIsInfinite() {
    assertThat(BFloat16.fromFloat(Float.intBitsToFloat(0x3f80_8000))).isEqualTo((short) 0x3f80);
    assertThat(BFloat16.fromFloat(Float.intBitsToFloat(0x3f81_8000))).isEqualTo((short) 0x3f82);
    assertThat(BFloat16.fromFloat(-Float.MAX_VALUE)).isEqualTo((short) 0xff80);
    assertThat(BFloat16.fromFloat(Float.NEGATIVE_INFINITY)).isEqualTo((short) 0xff80);
    assertThat(BFloat16.toFloat(BFloat16.fromFloat(Float.intBitsToFloat(0x7f80_0001)))).isNaN();
  }

  private static double distance(short bits, float value) {
    return Math.abs((double) BFloat16.toFloat(bits) - value);
  }
}
