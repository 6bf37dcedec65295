package dev.nereid.backend.tensorrt;

import dev.nereid.backend.tensorrt.Ports.Port;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.tensorrt.nvinfer.Dims64;
import org.bytedeco.tensorrt.nvinfer.IExecutionContext;

/**
 * An execution context on one profile. Belongs to one thread and one stream, on which its batches
 * follow one another: shapes and addresses are taken over when a batch is begun, so the next ones
 * may be set while it runs.
 */
final class Execution {

  private final IExecutionContext context;
  private final Profile profile;
  private final Ports ports;
  private final EngineLog.Errors errors;
  private final List<long[]> shapes = new ArrayList<>();

  private Execution(
      IExecutionContext context, Profile profile, Ports ports, EngineLog.Errors errors) {
    this.context = context;
    this.profile = profile;
    this.ports = ports;
    this.errors = errors;
    ports.inputs().forEach(input -> shapes.add(new long[] {-1}));
  }

  /**
   * Makes a context, with {@code scratch} for its intermediate results.
   *
   * @param index of the profile
   * @param owned destroys it
   */
  static Execution of(
      Engine engine,
      int index,
      Ports ports,
      Address scratch,
      long scratchBytes,
      CUstream_st stream,
      EngineLog.Errors errors,
      Owned owned)
      throws TensorRtException, CudaException {
    IExecutionContext context = owned.object(engine.newContext(errors));
    if (!context.setOptimizationProfileAsync(index, stream)) {
      throw errors.failure("TensorRT does not take profile " + index);
    }
    Cuda.synchronize(stream);
    context.setDeviceMemoryV2(scratch, scratchBytes);
    return new Execution(context, engine.profiles().get(index), ports, errors);
  }

  Profile profile() {
    return profile;
  }

  /** Sets the inputs' shapes, in the engine's order, each within the profile. */
  void setShapes(List<long[]> wanted) throws TensorRtException {
    for (int i = 0; i < wanted.size(); i++) {
      if (!Arrays.equals(shapes.get(i), wanted.get(i))) {
        Port input = ports.inputs().get(i);
        try (Dims64 dims = EngineBuilder.dims(wanted.get(i))) {
          if (!context.setInputShape(input.nativeName(), dims)) {
            // What was set before holds no longer for certain.
            shapes.set(i, new long[] {-1});
            throw errors.failure("TensorRT refuses the shape of input '" + input.name() + "'");
          }
        }
        shapes.set(i, wanted.get(i).clone());
      }
    }
  }

  /** Full shape of an output at the shapes that were set; -1 where only the run tells. */
  long[] outputShape(Port output) {
    return Engine.shape(context.getTensorShape(output.nativeName()));
  }

  /** Begins to compute, at the shapes that were set, over the memory of a slot. */
  void enqueue(Slot slot, CUstream_st stream) throws TensorRtException {
    for (int i = 0; i < ports.inputs().size(); i++) {
      setAddress(ports.inputs().get(i), slot.input(i));
    }
    for (int i = 0; i < ports.outputs().size(); i++) {
      setAddress(ports.outputs().get(i), slot.output(i));
    }
    if (!context.enqueueV3(stream)) {
      throw errors.failure("TensorRT cannot run the batch");
    }
  }

  private void setAddress(Port port, Address address) throws TensorRtException {
    if (!context.setTensorAddress(port.nativeName(), address)) {
      throw errors.failure("TensorRT refuses the memory of '" + port.name() + "'");
    }
  }
}
