package dev.nereid.models.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class ChannelScalesTest {

  @Test
  void everyChannelHasItsGreatestWeightAtTheLimit() {
    float[] outputsFirst = {0.9f, -2, 0.5f, 39, 10, -80};
    ChannelScales scales =
        ChannelScales.of(outputsFirst, ChannelScales.Layout.of(new long[] {2, 3}, 0), 127);
    assertThat(scales.scales()).containsExactly(2f / 127, 80f / 127);
    assertThat(scales.quantize(outputsFirst)).containsExactly(57, -127, 32, 62, 16, -127);
  }

  @Test
  void channelsMayStandLast() {
    float[] outputsLast = {0.9f, 10, -2, 80};
    ChannelScales scales =
        ChannelScales.of(outputsLast, ChannelScales.Layout.of(new long[] {2, 2}, 1), 63);
    assertThat(scales.scales()).containsExactly(2f / 63, 80f / 63);
    assertThat(scales.quantize(outputsLast)).containsExactly(28, 8, -63, 63);
  }

  @Test
  void roundedWeightsAreRoundedToThemselves() {
    float[] weights = {0.3f, -0.123f, 0.77f, 1.9f};
    ChannelScales.Layout layout = ChannelScales.Layout.of(new long[] {2, 2}, 0);
    float[] rounded = ChannelScales.of(weights, layout, 127).roundTrip(weights);
    ChannelScales again = ChannelScales.of(rounded, layout, 127);
    assertThat(again.quantize(rounded))
        .isEqualTo(ChannelScales.of(weights, layout, 127).quantize(weights));
  }

  @Test
  void aChannelOfZerosStaysOne() {
    float[] zeros = new float[4];
    ChannelScales scales = ChannelScales.of(zeros, new ChannelScales.Layout(2, 2), 127);
    assertThat(scales.roundTrip(zeros)).containsOnly(0);
    assertThat(scales.scales()).containsOnly(1);
  }
}
