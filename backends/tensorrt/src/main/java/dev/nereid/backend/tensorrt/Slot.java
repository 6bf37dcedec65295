package dev.nereid.backend.tensorrt;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUstream_st;

/**
 * What one batch in flight has to itself: memory of the device for every input and output at its
 * largest, and what tells how far the batch has come.
 */
final class Slot {

  private final List<Address> inputs = new ArrayList<>();
  private final List<Address> outputs = new ArrayList<>();
  private final CUevent_st inputsCopied;
  private final CUevent_st computed;
  private final CUevent_st done;
  private final Map<Integer, CUgraphExec_st> graphs = new HashMap<>();

  /**
   * @param inputBytes of each input, in the engine's order
   * @param owned frees all of it
   */
  Slot(List<Long> inputBytes, List<Long> outputBytes, CUstream_st stream, Owned owned)
      throws CudaException {
    allocate(inputBytes, "inputs", inputs, stream, owned);
    allocate(outputBytes, "outputs", outputs, stream, owned);
    inputsCopied = event(owned);
    computed = event(owned);
    done = event(owned);
  }

  private static void allocate(
      List<Long> byteSizes, String what, List<Address> into, CUstream_st stream, Owned owned)
      throws CudaException {
    for (long byteSize : byteSizes) {
      // An address is asked for also of a tensor without elements.
      long atLeastOne = Math.max(1, byteSize);
      Address memory = owned.memory(Cuda.malloc(atLeastOne, what));
      Cuda.clear(memory, atLeastOne, stream);
      into.add(memory);
    }
  }

  private static CUevent_st event(Owned owned) throws CudaException {
    CUevent_st event = Cuda.newEvent();
    owned.add(() -> Cuda.destroy(event));
    return event;
  }

  Address input(int i) {
    return inputs.get(i);
  }

  Address output(int i) {
    return outputs.get(i);
  }

  CUevent_st inputsCopied() {
    return inputsCopied;
  }

  CUevent_st computed() {
    return computed;
  }

  CUevent_st done() {
    return done;
  }

  /** What was recorded over this memory, by batch size. */
  Map<Integer, CUgraphExec_st> graphs() {
    return graphs;
  }
}
