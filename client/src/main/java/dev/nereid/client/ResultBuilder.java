package dev.nereid.client;

import dev.nereid.protocol.ModelInferResponse;
import dev.nereid.protocol.ModelInferResponse.InferOutputTensor;
import dev.nereid.tensor.DataType;
import dev.nereid.tensor.RawTensors;
import dev.nereid.tensor.Shapes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Puts a response's descriptions and data together, and checks that they agree. */
final class ResultBuilder {

  private ResultBuilder() {}

  static InferResponse build(ModelInferResponse response, List<RawOutput> rawOutputs) {
    Map<String, String> empty = new HashMap<>(0);
    try {
      return new InferResponse.Valid(
          new InferResult(
              response.getModelName(),
              response.getModelVersion(),
              response.getId(),
              response.getParametersMap(),
              outputs(response.getOutputsList(), rawOutputs, empty)),
          empty);
    } catch (IllegalArgumentException e) {
      return new InferResponse.Malformed("response: " + e.getMessage());
    }
  }

  private static List<InferOutput> outputs(
      List<InferOutputTensor> tensors, List<RawOutput> rawOutputs, Map<String, String> empty) {
    boolean typed =
        rawOutputs.isEmpty() && tensors.stream().anyMatch(InferOutputTensor::hasContents);
    if (!typed && rawOutputs.size() != tensors.size()) {
      throw new IllegalArgumentException(
          "raw_output_contents: "
              + rawOutputs.size()
              + " (expected: "
              + tensors.size()
              + ", one for each output)");
    }
    List<InferOutput> outputs = new ArrayList<>(tensors.size());
    for (int i = 0; i < tensors.size(); i++) {
      InferOutputTensor tensor = tensors.get(i);
      DataType type = type(tensor);
      RawOutput raw = typed ? TypedContents.encode(type, tensor.getContents()) : rawOutputs.get(i);
      outputs.add(output(tensor, type, raw, empty));
    }
    return outputs;
  }

  private static InferOutput output(
      InferOutputTensor tensor, DataType type, RawOutput raw, Map<String, String> empty) {
    long[] shape = new long[tensor.getShapeCount()];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = tensor.getShape(i);
    }
    boolean elsewhere = tensor.containsParameters("shared_memory_region");
    if (type.isFixedSize() && !elsewhere) {
      long expectedBytes = RawTensors.byteSize(type, shape);
      if (raw.sizeBytes() != expectedBytes) {
        String text =
            "data of output '"
                + tensor.getName()
                + "': "
                + raw.sizeBytes()
                + " bytes (expected: "
                + expectedBytes
                + " for "
                + type
                + " "
                + Shapes.text(shape)
                + ")";
        if (raw.sizeBytes() > 0) {
          throw new IllegalArgumentException(text);
        }
        empty.put(tensor.getName(), text);
      }
    }
    return new InferOutput(
        tensor.getName(), type, shape, tensor.getParametersMap(), raw.sizeBytes(), raw.data());
  }

  private static DataType type(InferOutputTensor tensor) {
    DataType type = DataType.ofName(tensor.getDatatype());
    if (type == null) {
      throw new IllegalArgumentException(
          "datatype of output '"
              + tensor.getName()
              + "': "
              + tensor.getDatatype()
              + " (expected: one of KServe v2's)");
    }
    return type;
  }
}
