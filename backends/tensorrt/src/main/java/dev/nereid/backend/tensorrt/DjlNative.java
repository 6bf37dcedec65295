package dev.nereid.backend.tensorrt;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import dev.nereid.tensor.DataType;
import org.jspecify.annotations.Nullable;

/**
 * What of DJL's native library its Java side leaves out, and without which the process would end or
 * grow:
 *
 * <ul>
 *   <li>an engine's shapes, before a session is made, whose memory is of a nonsensical size where
 *       one varies;
 *   <li>an attempt at an execution context, which a session takes for granted;
 *   <li>the end of a session's execution context, which DJL forgets;
 *   <li>another place for a session's input, for which DJL would leave memory behind each time;
 *   <li>an engine's plan.
 * </ul>
 *
 * <p>Where engine, context and inputs are was read off the one library that there is, of DJL
 * 0.33.0; its digest is checked when it is loaded. The functions of TensorRT's classes are in it by
 * name but for {@code serialize}, whose place in the class's table holds for all of TensorRT 8.
 *
 * @param library DJL's
 */
record DjlNative(NativeLibrary library) {

  /** SHA-256 of {@code libdjl_trt.so}, of DJL 0.33.0. */
  static final String DIGEST = "4b3f324143f0d0c66f7e5522932ff641c2be4f8d6943eaa6372f8e739d211bf1";

  private static final long ENGINE_IN_MODEL = 0x70;
  private static final long CONTEXT_IN_SESSION = 0x18;

  /** Pointers to the host's memory of each tensor, in the order of the engine's. */
  private static final long BUFFERS_IN_SESSION = 0x40;

  /** Behind the table of a class of TensorRT's: what its functions are called on. */
  private static final long IMPLEMENTATION = Native.POINTER_SIZE;

  private static final int SERIALIZE = 10;
  private static final int DESTRUCTOR = 1;

  private static final String ENGINE = "_ZNK8nvinfer111ICudaEngine";
  private static final String BINDINGS = ENGINE + "13getNbBindingsEv";
  private static final String NAME = ENGINE + "14getBindingNameEi";
  private static final String IS_INPUT = ENGINE + "14bindingIsInputEi";
  private static final String DIMENSIONS = ENGINE + "20getBindingDimensionsEi";
  private static final String TYPE = ENGINE + "18getBindingDataTypeEi";
  private static final String VECTORIZED = ENGINE + "23getBindingVectorizedDimEi";
  private static final String CONTEXT = "_ZN8nvinfer111ICudaEngine22createExecutionContextEv";
  private static final String DATA = "_ZNK8nvinfer111IHostMemory4dataEv";
  private static final String SIZE = "_ZNK8nvinfer111IHostMemory4sizeEv";

  /** An {@code int} for how many there are, and eight for them. */
  private static final int DIMENSIONS_BYTES = 9 * Integer.BYTES;

  private static final int MOST_DIMENSIONS = 8;

  /** An engine's tensor, by its index. */
  record Tensor(
      String name,
      boolean isInput,
      @Nullable DataType type,
      int typeNumber,
      long[] shape,
      boolean isLinear) {}

  /** {@code nvinfer1::ICudaEngine} of a model of DJL's. */
  Pointer engine(long model) {
    return new Pointer(model).getPointer(ENGINE_IN_MODEL);
  }

  int tensors(Pointer engine) {
    return function(BINDINGS).invokeInt(new Object[] {engine});
  }

  Tensor tensor(Pointer engine, int index) {
    Object[] arguments = {engine, index};
    int type = function(TYPE).invokeInt(arguments);
    return new Tensor(
        function(NAME).invokePointer(arguments).getString(0, "UTF-8"),
        (function(IS_INPUT).invokeInt(arguments) & 0xff) != 0,
        TensorTypes.ofTensorRt(type),
        type,
        shape(engine, index),
        function(VECTORIZED).invokeInt(arguments) < 0);
  }

  private long[] shape(Pointer engine, int index) {
    try (Memory dimensions = new Memory(DIMENSIONS_BYTES)) {
      // What is too large for a register comes back where the first argument says.
      function(DIMENSIONS).invokePointer(new Object[] {dimensions, engine, index});
      long[] shape = new long[Math.max(0, Math.min(MOST_DIMENSIONS, dimensions.getInt(0)))];
      for (int i = 0; i < shape.length; i++) {
        shape[i] = dimensions.getInt((long) (i + 1) * Integer.BYTES);
      }
      return shape;
    }
  }

  /** A new execution context; null where there is not enough memory for one. */
  @Nullable Pointer newContext(Pointer engine) {
    return function(CONTEXT).invokePointer(new Object[] {engine});
  }

  void delete(Pointer object) {
    NativeLibraries.delete(Pointer.nativeValue(object), DESTRUCTOR);
  }

  /** Ends a session's execution context; to be called right before the session is ended. */
  void deleteContext(long session) {
    Pointer context = new Pointer(session).getPointer(CONTEXT_IN_SESSION);
    if (context != null) {
      delete(context);
    }
  }

  /**
   * Has a session read an input elsewhere.
   *
   * @param index among the engine's tensors
   * @param memory of the host, as large as the tensor
   */
  void readFrom(long session, int index, Pointer memory) {
    new Pointer(session)
        .getPointer(BUFFERS_IN_SESSION)
        .setPointer((long) index * Native.POINTER_SIZE, memory);
  }

  /**
   * An engine's plan, to be closed by the caller; null where TensorRT gives none.
   *
   * <p>DJL has ended the engine's runtime by then, after which TensorRT promises nothing for the
   * engine: neither this, nor the batches that DJL runs all the same. What both rely on is what the
   * library of 8.6.1 does: a runtime shares what its engines need by a counted reference, complains
   * where it is not the last to hold it, and gives up its own alone. All that goes with it are the
   * libraries of plug-ins that were loaded by it, and DJL loads none. Whether a plan is good is
   * seen where it is read: one that TensorRT does not take is built again.
   */
  @Nullable NativeBytes plan(Pointer engine) {
    Pointer implementation = engine.getPointer(IMPLEMENTATION);
    Pointer table = implementation.getPointer(0);
    Pointer serialize = table.getPointer((long) SERIALIZE * Native.POINTER_SIZE);
    Pointer memory = Function.getFunction(serialize).invokePointer(new Object[] {implementation});
    if (memory == null) {
      return null;
    }
    try {
      Object[] self = {memory};
      return NativeBytes.copyOf(
          Pointer.nativeValue(function(DATA).invokePointer(self)), function(SIZE).invokeLong(self));
    } finally {
      delete(memory);
    }
  }

  private Function function(String name) {
    return library.getFunction(name);
  }
}
