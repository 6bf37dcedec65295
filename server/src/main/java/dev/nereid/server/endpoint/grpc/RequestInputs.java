package dev.nereid.server.endpoint.grpc;

import dev.nereid.protocol.ModelInferRequest;
import dev.nereid.protocol.ModelInferRequest.InferInputTensor;
import dev.nereid.server.endpoint.ClientInput;
import dev.nereid.server.inference.DevicePart;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.memory.RegionPart;
import dev.nereid.server.memory.RegionReads;
import dev.nereid.server.memory.SharedRegions;
import dev.nereid.server.memory.TensorSource;
import dev.nereid.tensor.DataType;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

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
   * Finds each input's data: in shared memory, the next raw entry, or its typed contents. What is
   * not a raw entry is added to the call's, so that the call still owns everything, also when this
   * throws; the inputs' data are the first of it.
   *
   * @param onDevices takes what lies on GPUs: such an input has no data until that has run
   * @param inPlace the GPUs on which the model uses it where it lies instead
   * @throws InferenceException INVALID_ARGUMENT if there is none, or both, or it is not within its
   *     region; NOT_FOUND, UNIMPLEMENTED for shared memory that is not there; RESOURCE_EXHAUSTED
   */
  static List<ClientInput> read(
      InferCall call,
      TensorSource memory,
      SharedRegions regions,
      RegionReads onDevices,
      Set<Integer> inPlace)
      throws InferenceException {
    ModelInferRequest header = call.header();
    List<ByteBuf> owned = call.rawInputs();
    boolean raw = !owned.isEmpty();
    int next = 0;
    List<ClientInput> inputs = new ArrayList<>(header.getInputsCount());
    for (InferInputTensor input : header.getInputsList()) {
      SharedMemoryParameters shared =
          SharedMemoryParameters.read(input.getName(), input.getParametersMap());
      DataType type = DataType.ofName(input.getDatatype());
      DevicePart there = null;
      if (shared != null) {
        if (input.hasContents()) {
          throw refusal(
              "unexpected 'content' provided when using shared memory for input tensor",
              input,
              header,
              "");
        }
        RegionPart part = shared.in(regions);
        there = type == DataType.BYTES ? null : onOneOf(inPlace, part);
        owned.add(next, there == null ? tensor(part, type, memory, onDevices) : part.hold());
      } else if (input.hasContents()) {
        if (raw) {
          throw refusal(
              "contents field must not be specified when using raw_input_contents for",
              input,
              header,
              "");
        }
        owned.add(
            next,
            TypedContents.encode(
                input.getName(), header.getModelName(), type, input.getContents(), memory));
      } else if (next == owned.size()) {
        throw refusal("unable to find data for input tensor", input, header, " in request.");
      }
      inputs.add(new ClientInput(input.getName(), type, shape(input), owned.get(next), there));
      next++;
    }
    return inputs;
  }

  private static @Nullable DevicePart onOneOf(Set<Integer> devices, RegionPart part) {
    DevicePart there = devices.isEmpty() ? null : part.onDevice();
    return there != null && devices.contains(there.device()) ? there : null;
  }

  /**
   * The lengths in a tensor of strings are checked and then believed: nobody may change them
   * between.
   */
  private static ByteBuf tensor(
      RegionPart part, @Nullable DataType type, TensorSource memory, RegionReads onDevices)
      throws InferenceException {
    if (part.isOnDevice()) {
      return onDevices.add(part, memory);
    }
    return type == DataType.BYTES ? part.copy(memory) : part.tensor(memory);
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
