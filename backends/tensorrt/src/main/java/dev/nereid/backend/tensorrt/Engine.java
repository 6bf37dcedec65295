package dev.nereid.backend.tensorrt;

import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.TensorSpec;
import dev.nereid.tensor.DataType;
import dev.nereid.tensor.Shapes;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.tensorrt.global.nvinfer;
import org.bytedeco.tensorrt.global.nvinfer.ExecutionContextAllocationStrategy;
import org.bytedeco.tensorrt.global.nvinfer.LayerInformationFormat;
import org.bytedeco.tensorrt.global.nvinfer.OptProfileSelector;
import org.bytedeco.tensorrt.global.nvinfer.TensorFormat;
import org.bytedeco.tensorrt.global.nvinfer.TensorIOMode;
import org.bytedeco.tensorrt.global.nvinfer.TensorLocation;
import org.bytedeco.tensorrt.nvinfer.Dims64;
import org.bytedeco.tensorrt.nvinfer.ICudaEngine;
import org.bytedeco.tensorrt.nvinfer.IEngineInspector;
import org.bytedeco.tensorrt.nvinfer.IExecutionContext;
import org.bytedeco.tensorrt.nvinfer.IRuntime;

/**
 * A plan in the memory of one GPU: the weights once, for all contexts of it. Thread-safe, but for
 * {@link #close}, which comes after every context is gone.
 */
final class Engine implements AutoCloseable {

  private final Owned owned = new Owned();
  private final TensorRt tensorRt;
  private final ICudaEngine engine;
  private final List<TensorSpec> inputs = new ArrayList<>();
  private final List<TensorSpec> outputs = new ArrayList<>();
  private final List<Profile> profiles = new ArrayList<>();

  private Engine(TensorRt tensorRt, NativeBytes plan) throws TensorRtException, CudaException {
    this.tensorRt = tensorRt;
    Cuda.checkDevice();
    try (EngineLog.Errors errors = tensorRt.log().listen()) {
      IRuntime runtime = nvinfer.createInferRuntime(tensorRt.nativeLog());
      // Where it cannot start it returns an address that is neither null nor any object's.
      if (errors.any() || isNull(runtime)) {
        throw errors.failure("TensorRT does not start");
      }
      owned.object(runtime);
      ICudaEngine made =
          runtime.deserializeCudaEngine(new Address(plan.address()), plan.byteSize());
      if (isNull(made)) {
        throw errors.failure("TensorRT " + tensorRt.version() + " does not take the plan");
      }
      engine = owned.object(made);
      readTensors();
      readProfiles();
    } catch (TensorRtException | RuntimeException e) {
      owned.close();
      throw e;
    }
  }

  /**
   * Loads a plan onto this thread's GPU.
   *
   * @throws TensorRtException if it is none, or of another GPU or TensorRT, or has what no request
   *     can carry
   */
  static Engine load(TensorRt tensorRt, NativeBytes plan) throws TensorRtException, CudaException {
    return new Engine(tensorRt, plan);
  }

  static boolean isNull(org.bytedeco.javacpp.@org.jspecify.annotations.Nullable Pointer pointer) {
    return pointer == null || pointer.isNull();
  }

  private void readTensors() throws TensorRtException {
    for (int i = 0; i < engine.getNbIOTensors(); i++) {
      String name = engine.getIOTensorName(i);
      boolean input = engine.getTensorIOMode(name).intern() == TensorIOMode.kINPUT;
      String what = (input ? "input '" : "output '") + name + "'";
      int number = engine.getTensorDataType(name).value;
      DataType type = TensorTypes.ofTensorRt(number);
      if (type == null) {
        throw new TensorRtException(
            what + ": type " + number + " (expected: one of " + TensorTypes.names() + ")");
      }
      if (engine.isShapeInferenceIO(name)
          || engine.getTensorLocation(name).intern() != TensorLocation.kDEVICE) {
        throw new TensorRtException(
            what + ": a shape tensor (expected: none; shape tensors are not supported)");
      }
      if (engine.getTensorFormat(name).intern() != TensorFormat.kLINEAR) {
        throw new TensorRtException(
            what
                + ": format "
                + engine.getTensorFormatDesc(name)
                + " (expected: linear; other formats are not supported)");
      }
      TensorSpec spec = new TensorSpec(name, type, shape(engine.getTensorShape(name)));
      (input ? inputs : outputs).add(spec);
    }
  }

  private void readProfiles() {
    for (int i = 0; i < Math.max(1, engine.getNbOptimizationProfiles()); i++) {
      List<ShapeRange> ranges = new ArrayList<>();
      for (TensorSpec input : inputs) {
        ranges.add(
            Shapes.isVariable(input.shape())
                ? new ShapeRange(
                    shape(engine.getProfileShape(input.name(), i, OptProfileSelector.kMIN)),
                    shape(engine.getProfileShape(input.name(), i, OptProfileSelector.kOPT)),
                    shape(engine.getProfileShape(input.name(), i, OptProfileSelector.kMAX)))
                : ShapeRange.fixed(input.shape()));
      }
      profiles.add(new Profile(ranges));
    }
  }

  /** Copies dimensions, and frees what held them. */
  static long[] shape(Dims64 dims) {
    try (dims) {
      long[] shape = new long[Math.max(0, dims.nbDims())];
      for (int i = 0; i < shape.length; i++) {
        shape[i] = dims.d(i);
      }
      return shape;
    }
  }

  List<TensorSpec> inputs() {
    return inputs;
  }

  List<TensorSpec> outputs() {
    return outputs;
  }

  ModelSignature signature() {
    return new ModelSignature(inputs, outputs);
  }

  /** At least one, also where no shape varies. */
  List<Profile> profiles() {
    return profiles;
  }

  boolean varies() {
    return inputs.stream().anyMatch(input -> Shapes.isVariable(input.shape()));
  }

  /** Scratch memory, in bytes, that a context needs at any shape of a profile. */
  long scratchBytes(int profile) {
    return engine.getDeviceMemorySizeForProfileV2(profile);
  }

  /** A context without scratch memory, to be destroyed before this engine is closed. */
  IExecutionContext newContext(EngineLog.Errors errors) throws TensorRtException {
    IExecutionContext context =
        engine.createExecutionContext(ExecutionContextAllocationStrategy.kUSER_MANAGED);
    if (isNull(context)) {
      throw errors.failure("TensorRT makes no execution context");
    }
    return context;
  }

  /** What its layers compute in. */
  LayerReport layers() {
    try (Owned mine = new Owned()) {
      IEngineInspector inspector = engine.createEngineInspector();
      if (isNull(inspector)) {
        return LayerReport.of(List.of());
      }
      mine.object(inspector);
      List<String> descriptions = new ArrayList<>();
      for (int i = 0; i < engine.getNbLayers(); i++) {
        descriptions.add(
            String.valueOf(inspector.getLayerInformation(i, LayerInformationFormat.kJSON)));
      }
      return LayerReport.of(descriptions);
    }
  }

  TensorRt tensorRt() {
    return tensorRt;
  }

  @Override
  public void close() {
    owned.close();
  }
}
