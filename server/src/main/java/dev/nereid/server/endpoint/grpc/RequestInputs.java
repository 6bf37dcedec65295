package dev.nereid.server.endpoint.grpc;

import dev.nereid.protocol.ModelInferRequest;
import dev.nereid.protocol.ModelInferRequest.InferInputTensor;
import dev.nereid.server.endpoint.ClientInput;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.memory.TensorMemory;
import dev.nereid.tensor.DataType;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;

/** Brings a request's inputs together with their data, in Triton's order and with its texts. */
final class RequestInputs {

  private RequestInputs() {}

  /** The names, as they stand. */
  static List<String> names(List<InferInputTensor> inputs) {
    List<String> names = new ArrayList<>(inputs.size());
    for (InferInputTensor input : inputs) {
      names.add(input.getName());
    }
    return names;
  }

  /**
   * Finds each input's data: the next raw entry, or its typed contents. Memory that typed contents
   * need is added to the call's, so that the call still owns everything, also when this throws.
   *
   * @throws InferenceException INVALID_ARGUMENT if there is none, or both; UNIMPLEMENTED for shared
   *     memory; RESOURCE_EXHAUSTED
   */
  static List<ClientInput> read(InferCall call, TensorMemory memory) throws InferenceException {
    ModelInferRequest header = call.header();
    int rawEntries = call.rawInputs().size();
    int nextRaw = 0;
    List<ClientInput> inputs = new ArrayList<>(header.getInputsCount());
    for (InferInputTensor input : header.getInputsList()) {
      if (SharedMemoryParameters.isRegion(input.getName(), input.getParametersMap())) {
        if (input.hasContents()) {
          throw refusal(
              "unexpected 'content' provided when using shared memory for input tensor",
              input,
              header,
              "");
        }
        throw SharedMemoryParameters.disabled();
      }
      DataType type = DataType.ofName(input.getDatatype());
      ByteBuf data;
      if (input.hasContents()) {
        if (rawEntries > 0) {
          throw refusal(
              "contents field must not be specified when using raw_input_contents for",
              input,
              header,
              "");
        }
        data =
            TypedContents.encode(
                input.getName(), header.getModelName(), type, input.getContents(), memory);
        call.rawInputs().add(data);
      } else if (nextRaw < rawEntries) {
        data = call.rawInputs().get(nextRaw++);
      } else {
        throw refusal("unable to find data for input tensor", input, header, " in request.");
      }
      inputs.add(new ClientInput(input.getName(), type, shape(input), data));
    }
    return inputs;
  }

  private static long[] shape(InferInputTensor input) {
    long[] shape = new long[input.getShapeCount()];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = input.getShape(i);
    }
    return shape;
  }

  private static InferenceException refusal(
      String what, InferInputTensor input, ModelInferRequest header, String end) {
    return new InferenceException(
        StatusCode.INVALID_ARGUMENT,
        what + " '" + input.getName() + "' for model '" + header.getModelName() + "'" + end);
  }
}
