package dev.nereid.models.quantize;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamWriteFeature;
import java.io.IOException;
import java.io.Writer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What quantising did, and how far the result is from the original in the engine of its format.
 *
 * @param engine that found the ranges and compared
 * @param method by which ranges follow from values
 * @param pictures they were found on
 * @param origin where the pictures are from
 * @param weightedLayers whose weights are integers
 * @param ranges by tensor
 * @param agreement with the original, on pictures that were not calibrated on
 * @param notes what to keep in mind about these figures
 */
public record QuantizationReport(
    String engine,
    RangeMethod method,
    int pictures,
    String origin,
    int weightedLayers,
    Map<String, Range> ranges,
    Agreement agreement,
    List<String> notes) {

  /** Of a model whose weights nobody trained. */
  public static final String RANDOM_WEIGHTS =
      "the weights are random: agreement says how far INT8 is from FP32, not how well either"
          + " classifies";

  public QuantizationReport {
    notes = List.copyOf(notes);
  }

  /** The same with one more note. */
  public QuantizationReport withNote(String note) {
    List<String> more = new ArrayList<>(notes);
    more.add(note);
    return new QuantizationReport(
        engine, method, pictures, origin, weightedLayers, ranges, agreement, more);
  }

  /** A few lines for people. */
  public String text() {
    return String.format(
            Locale.ROOT,
            "calibrated on %d %s by %s, method %s%n"
                + "%d layers in 8 bits, %d tensors with a range%n"
                + "against FP32 on %d held-out pictures: largest difference %.4g (largest value %.4g),"
                + " top-1 agreement %.1f %%%n",
            pictures,
            origin,
            engine,
            method,
            weightedLayers,
            ranges.size(),
            agreement.pictures(),
            agreement.largestDifference(),
            agreement.largestValue(),
            100 * agreement.topAgreement())
        + notes.stream()
            .map(note -> "note: " + note + System.lineSeparator())
            .collect(Collectors.joining());
  }

  /** All of it, for programs; {@code writer} stays open. */
  public void writeJson(Writer writer) throws IOException {
    JsonFactory factory =
        JsonFactory.builder().disable(StreamWriteFeature.AUTO_CLOSE_TARGET).build();
    try (JsonGenerator json = factory.createGenerator(writer)) {
      json.useDefaultPrettyPrinter();
      json.writeStartObject();
      json.writeStringField("engine", engine);
      json.writeStringField("method", method.toString());
      json.writeNumberField("calibration_pictures", pictures);
      json.writeStringField("calibration_origin", origin);
      json.writeNumberField("weighted_layers", weightedLayers);
      json.writeObjectFieldStart("against_fp32");
      json.writeNumberField("held_out_pictures", agreement.pictures());
      json.writeNumberField("largest_difference", agreement.largestDifference());
      json.writeNumberField("largest_value", agreement.largestValue());
      json.writeNumberField("top1_agreement", agreement.topAgreement());
      json.writeEndObject();
      json.writeArrayFieldStart("notes");
      for (String note : notes) {
        json.writeString(note);
      }
      json.writeEndArray();
      json.writeObjectFieldStart("ranges");
      for (Map.Entry<String, Range> range : ranges.entrySet()) {
        json.writeArrayFieldStart(range.getKey());
        json.writeNumber(range.getValue().low());
        json.writeNumber(range.getValue().high());
        json.writeEndArray();
      }
      json.writeEndObject();
      json.writeEndObject();
    }
  }
}
