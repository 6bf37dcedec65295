package dev.nereid.backend.tensorrt;

import java.util.List;
import java.util.Locale;

/**
 * What an engine's layers compute in, read from what TensorRT's inspector says of each.
 *
 * @param layers all of them, copies and format changes too
 * @param int8 those that read or write 8-bit integers
 * @param half those that read or write half floats, and no 8-bit integers
 */
record LayerReport(int layers, int int8, int half, boolean detailed) {

  /**
   * @param descriptions of each layer, in JSON; a plan that was built without details has names
   */
  static LayerReport of(List<String> descriptions) {
    int int8 = 0;
    int half = 0;
    boolean detailed = false;
    for (String description : descriptions) {
      String text = description.toLowerCase(Locale.ROOT);
      // "Format/Datatype": "Thirty-two wide channel vectorized row major Int8 format"
      detailed |= text.contains("format/datatype");
      if (text.contains("int8 format") || text.contains("\"int8\"")) {
        int8++;
      } else if (text.contains("fp16 format")
          || text.contains("half format")
          || text.contains("\"half\"")
          || text.contains("\"fp16\"")) {
        half++;
      }
    }
    return new LayerReport(descriptions.size(), int8, half, detailed);
  }

  @Override
  public String toString() {
    return detailed
        ? "%d of %d layers run INT8, %d FP16".formatted(int8, layers, half)
        : layers + " layers, of which the plan does not say what they run";
  }
}
