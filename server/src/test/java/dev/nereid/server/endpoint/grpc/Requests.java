package dev.nereid.server.endpoint.grpc;

import com.google.protobuf.ByteString;
import dev.nereid.protocol.InferParameter;
import dev.nereid.protocol.ModelInferRequest;
import dev.nereid.protocol.ModelInferRequest.InferInputTensor;
import dev.nereid.protocol.ModelInferRequest.InferRequestedOutputTensor;
import dev.nereid.tensor.RawTensors;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Builds requests, most of them for {@link TestEndpoint#SIMPLE}. */
final class Requests {

  /** 0 to 15, and sixteen ones. */
  static final ByteString COUNTING = ints(IntStream.range(0, 16).toArray());

  static final ByteString ONES = ints(IntStream.generate(() -> 1).limit(16).toArray());

  private Requests() {}

  static ByteString ints(int... values) {
    return bytes(RawTensors.ofInts(values));
  }

  static ByteString bytes(ByteBuffer data) {
    return ByteString.copyFrom(data);
  }

  static InferInputTensor.Builder input(String name, String datatype, long... shape) {
    return InferInputTensor.newBuilder()
        .setName(name)
        .setDatatype(datatype)
        .addAllShape(Arrays.stream(shape).boxed().toList());
  }

  static InferRequestedOutputTensor.Builder output(String name) {
    return InferRequestedOutputTensor.newBuilder().setName(name);
  }

  /** A request that {@code simple} answers. */
  static ModelInferRequest.Builder simple() {
    return simple(input("INPUT0", "INT32", 1, 16), input("INPUT1", "INT32", 1, 16))
        .addRawInputContents(COUNTING)
        .addRawInputContents(ONES);
  }

  /** A request to {@code simple} without data. */
  static ModelInferRequest.Builder simple(InferInputTensor.Builder... inputs) {
    ModelInferRequest.Builder request = ModelInferRequest.newBuilder().setModelName("simple");
    for (InferInputTensor.Builder input : inputs) {
      request.addInputs(input);
    }
    return request;
  }

  /** A request of one raw tensor. */
  static ModelInferRequest one(String model, String datatype, ByteBuffer data, long... shape) {
    return ModelInferRequest.newBuilder()
        .setModelName(model)
        .addInputs(input("INPUT0", datatype, shape))
        .addRawInputContents(bytes(data))
        .build();
  }

  static InferParameter parameter(Object value) {
    InferParameter.Builder parameter = InferParameter.newBuilder();
    if (value instanceof Boolean bool) {
      parameter.setBoolParam(bool);
    } else if (value instanceof Long number) {
      parameter.setInt64Param(number);
    } else if (value instanceof Double number) {
      parameter.setDoubleParam(number);
    } else {
      parameter.setStringParam((String) value);
    }
    return parameter.build();
  }
}
