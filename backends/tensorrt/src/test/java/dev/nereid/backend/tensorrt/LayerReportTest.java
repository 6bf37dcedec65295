package dev.nereid.backend.tensorrt;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class LayerReportTest {

  private static String layer(String format) {
    return """
        {"Name": "conv1", "LayerType": "CaskConvolution",
         "Inputs": [{"Name": "x", "Dimensions": [1,64,56,56], "Format/Datatype": "%s"}]}"""
        .formatted(format);
  }

  @Test
  void layersAreCountedByTheTypesOfTheirTensors() {
    LayerReport report =
        LayerReport.of(
            List.of(
                layer("Thirty-two wide channel vectorized row major Int8 format"),
                layer("Channel major FP16 format where channel % 8 == 0"),
                layer("Row major linear FP32 format")));
    assertThat(report).isEqualTo(new LayerReport(3, 1, 1, true));
    assertThat(report).hasToString("1 of 3 layers run INT8, 1 FP16");
  }

  @Test
  void aPlanWithoutDetailsSaysNothing() {
    assertThat(LayerReport.of(List.of("\"conv_int8_like_name\"", "\"relu\"")))
        .hasToString("2 layers, of which the plan does not say what they run");
  }
}
