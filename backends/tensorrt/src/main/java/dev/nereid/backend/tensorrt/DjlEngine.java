package dev.nereid.backend.tensorrt;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.tensorrt.jni.JniUtils;
import com.sun.jna.Pointer;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.TensorSpec;
import dev.nereid.tensor.DataType;
import dev.nereid.tensor.Shapes;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * An engine of fixed shapes on one GPU, of which sessions are made, each for a thread of its own.
 * Closed after they are.
 */
final class DjlEngine implements AutoCloseable {

  /** What DJL knows the size of; it ends the process over a tensor of any other type. */
  static final Set<DataType> TYPES =
      Set.of(DataType.FP32, DataType.FP16, DataType.INT8, DataType.INT32, DataType.BOOL);

  private static final int ONNX = 0;
  private static final int PLAN = 2;

  /** What CUDA takes of a device at a time. */
  private static final long GRANULE_BYTES = 2 << 20;

  /**
   * What must be left besides: others in this process take memory without asking, TensorRT needs
   * some of its own, and the first run for its kernels.
   */
  private static final long SPARE_BYTES = 64 << 20;

  private final DjlTensorRt tensorRt;
  private final Gpu gpu;
  private final long model;
  private final Pointer engine;
  private final List<TensorSpec> inputs = new ArrayList<>();
  private final List<TensorSpec> outputs = new ArrayList<>();
  private final Map<String, Integer> indices = new HashMap<>();

  private DjlEngine(DjlTensorRt tensorRt, Gpu gpu, long model) throws TensorRtException {
    this.tensorRt = tensorRt;
    this.gpu = gpu;
    this.model = model;
    this.engine = tensorRt.library().engine(model);
    for (int i = 0; i < tensorRt.library().tensors(engine); i++) {
      DjlNative.Tensor tensor = tensorRt.library().tensor(engine, i);
      (tensor.isInput() ? inputs : outputs).add(checked(tensor));
      indices.put(tensor.name(), i);
    }
  }

  /**
   * Builds an engine of an ONNX file, whose shapes are fixed. Takes from seconds to minutes.
   *
   * @param gpu whose kernels are measured; this thread's device afterwards
   */
  static DjlEngine build(DjlTensorRt tensorRt, Gpu gpu, Path onnx, Precision precision)
      throws TensorRtException, CudaException {
    Map<String, String> options =
        switch (precision) {
          case FP16 -> Map.of("fp16", "true");
          case INT8 -> Map.of("int8", "true");
          default -> Map.of();
        };
    return load(tensorRt, gpu, ONNX, onnx, options);
  }

  /** Takes a plan of TensorRT 8.6. */
  static DjlEngine read(DjlTensorRt tensorRt, Gpu gpu, Path plan)
      throws TensorRtException, CudaException {
    return load(tensorRt, gpu, PLAN, plan, Map.of());
  }

  private static DjlEngine load(
      DjlTensorRt tensorRt, Gpu gpu, int type, Path file, Map<String, String> options)
      throws TensorRtException, CudaException {
    long model;
    synchronized (DjlTensorRt.memory(gpu)) {
      // DJL ends the process over a device that was lost before, or without room for a runtime.
      tensorRt.cuda().setDevice(gpu.index());
      tensorRt.cuda().checkDevice();
      checkRoom(tensorRt, SPARE_BYTES, "to load an engine");
      try (EngineLog.Errors errors = tensorRt.log().listen()) {
        try {
          model = JniUtils.loadModel(type, file.toString(), Device.of("gpu", gpu.index()), options);
        } catch (EngineException e) {
          throw errors.failure(
              (type == PLAN
                      ? "TensorRT " + tensorRt.version() + " does not take the plan"
                      : "TensorRT " + tensorRt.version() + " cannot build the model")
                  + " ("
                  + String.valueOf(e.getMessage()).strip()
                  + ")");
        }
      }
    }
    boolean whole = false;
    try {
      DjlEngine engine = new DjlEngine(tensorRt, gpu, model);
      whole = true;
      return engine;
    } finally {
      if (!whole) {
        JniUtils.deleteTrtModel(model);
      }
    }
  }

  private static TensorSpec checked(DjlNative.Tensor tensor) throws TensorRtException {
    String what = (tensor.isInput() ? "input '" : "output '") + tensor.name() + "': ";
    // DJL is given names as JNI writes them, which is UTF-8 up to there.
    if (tensor.name().chars().anyMatch(c -> Character.isSurrogate((char) c))) {
      throw new TensorRtException(
          what + "a name with characters beyond U+FFFF (expected: none with runtime 'djl')");
    }
    DataType type = tensor.type();
    if (type == null || !TYPES.contains(type)) {
      throw new TensorRtException(
          what
              + "type "
              + (type == null ? "number " + tensor.typeNumber() : type)
              + " (expected: FP32, FP16, INT8, INT32 or BOOL with runtime 'djl')");
    }
    if (!tensor.isLinear()) {
      throw new TensorRtException(
          what + "a vectorised format (expected: linear; others are not supported)");
    }
    long elements = Shapes.isVariable(tensor.shape()) ? 0 : Shapes.elementCount(tensor.shape());
    if (elements < 1 || elements > Integer.MAX_VALUE / type.byteSize()) {
      throw new TensorRtException(
          what
              + "shape "
              + Shapes.text(tensor.shape())
              + " (expected: a fixed one of 1 byte to 2 GiB, as DJL's engine has no profiles)");
    }
    return new TensorSpec(tensor.name(), type, tensor.shape());
  }

  DjlTensorRt tensorRt() {
    return tensorRt;
  }

  Gpu gpu() {
    return gpu;
  }

  List<TensorSpec> inputs() {
    return inputs;
  }

  List<TensorSpec> outputs() {
    return outputs;
  }

  /** A tensor's number among the engine's. */
  int index(String tensor) {
    Integer index = indices.get(tensor);
    if (index == null) {
      throw new IllegalArgumentException(
          "tensor: " + tensor + " (expected: one of " + indices.keySet() + ")");
    }
    return index;
  }

  ModelSignature signature() {
    return new ModelSignature(inputs, outputs);
  }

  /** The plan that {@link #read} takes, to be closed by the caller. */
  NativeBytes plan() throws TensorRtException {
    try (EngineLog.Errors errors = tensorRt.log().listen()) {
      NativeBytes plan = tensorRt.library().plan(engine);
      if (plan == null) {
        throw errors.failure("TensorRT does not serialise the engine");
      }
      return plan;
    }
  }

  /**
   * A handle of DJL's, after it was found that there is room for it: to be asked for, and run once,
   * while its {@linkplain DjlTensorRt#memory memory} is held.
   */
  long newSession() throws TensorRtException, CudaException {
    tensorRt.cuda().setDevice(gpu.index());
    tensorRt.cuda().checkDevice();
    try (EngineLog.Errors errors = tensorRt.log().listen()) {
      Pointer attempt = tensorRt.library().newContext(engine);
      if (attempt == null) {
        throw errors.failure("TensorRT makes no execution context");
      }
      try {
        checkRoomForTensors();
      } finally {
        tensorRt.library().delete(attempt);
      }
      return JniUtils.createSession(model);
    } catch (EngineException e) {
      throw new TensorRtException(String.valueOf(e.getMessage()));
    }
  }

  /** DJL ends the process where memory for a tensor is not to be had. */
  private void checkRoomForTensors() throws TensorRtException, CudaException {
    long wanted = SPARE_BYTES;
    for (List<TensorSpec> tensors : List.of(inputs, outputs)) {
      for (TensorSpec tensor : tensors) {
        wanted += (byteSize(tensor) / GRANULE_BYTES + 1) * GRANULE_BYTES;
      }
    }
    checkRoom(tensorRt, wanted, "for inputs and outputs");
  }

  /** Of this thread's device. */
  private static void checkRoom(DjlTensorRt tensorRt, long wanted, String what)
      throws TensorRtException, CudaException {
    long free = tensorRt.cuda().freeBytes();
    if (free < wanted) {
      throw new TensorRtException(
          "out of GPU memory: %d bytes %s, where %d are free".formatted(wanted, what, free));
    }
  }

  static int byteSize(TensorSpec tensor) {
    return Math.toIntExact(Shapes.elementCount(tensor.shape()) * tensor.type().byteSize());
  }

  @Override
  public void close() {
    try {
      tensorRt.cuda().setDevice(gpu.index());
    } catch (CudaException e) {
      // A lost device; the host's memory is freed all the same.
    }
    JniUtils.deleteTrtModel(model);
  }
}
