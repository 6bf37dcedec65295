package dev.nereid.backend.tensorrt;

import ai.djl.engine.EngineException;
import ai.djl.tensorrt.jni.JniUtils;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import dev.nereid.backend.TensorSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An execution context with its tensors on the GPU, and page-locked memory of the host that each is
 * copied from or to: at three times the speed of ordinary memory. An input may be copied from
 * elsewhere instead. One thread at a time.
 */
final class DjlSession implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(DjlSession.class);

  private final DjlEngine engine;
  private final long handle;
  private final List<Pointer> memories = new ArrayList<>();
  private final Map<String, ByteBuffer> own = new TreeMap<>();
  private final EngineLog.Errors errors;

  private DjlSession(DjlEngine engine, long handle) {
    this.engine = engine;
    this.handle = handle;
    this.errors = engine.tensorRt().log().listen();
  }

  /** Makes one, and runs it once on zeros, so that the first batch finds everything loaded. */
  static DjlSession of(DjlEngine engine) throws TensorRtException, CudaException {
    synchronized (DjlTensorRt.memory(engine.gpu())) {
      DjlSession session = new DjlSession(engine, engine.newSession());
      boolean whole = false;
      try {
        session.bind(engine.inputs());
        session.bind(engine.outputs());
        session.run();
        whole = true;
        return session;
      } finally {
        if (!whole) {
          session.close();
        }
      }
    }
  }

  private void bind(List<TensorSpec> tensors) throws TensorRtException, CudaException {
    for (TensorSpec tensor : tensors) {
      int byteSize = DjlEngine.byteSize(tensor);
      Pointer memory = engine.tensorRt().cuda().hostAlloc(byteSize);
      memories.add(memory);
      memory.clear(byteSize);
      ByteBuffer bytes = memory.getByteBuffer(0, byteSize);
      try {
        JniUtils.bind(handle, tensor.name(), bytes);
      } catch (EngineException e) {
        throw new TensorRtException(String.valueOf(e.getMessage()));
      }
      own.put(tensor.name(), bytes);
    }
  }

  /**
   * Has runs read an input where it lies, until {@link #readOwn}.
   *
   * @param bytes a direct buffer that holds as many bytes as the engine's input, and stays until
   *     then
   */
  void readFrom(String input, ByteBuffer bytes) {
    int byteSize = memory(input).capacity();
    if (bytes.capacity() != byteSize) {
      throw new IllegalArgumentException(
          "bytes: " + bytes.capacity() + " of '" + input + "' (expected: " + byteSize + ")");
    }
    bind(input, bytes);
  }

  /** Has runs read inputs from this session's memory again. */
  void readOwn() {
    for (TensorSpec input : engine.inputs()) {
      bind(input.name(), memory(input.name()));
    }
  }

  private void bind(String input, ByteBuffer bytes) {
    engine
        .tensorRt()
        .library()
        .readFrom(handle, engine.index(input), Native.getDirectBufferPointer(bytes));
  }

  DjlEngine engine() {
    return engine;
  }

  /**
   * This session's memory of an input or output, from its first byte to its last, little-endian.
   */
  ByteBuffer memory(String tensor) {
    ByteBuffer bytes = own.get(tensor);
    if (bytes == null) {
      throw new IllegalArgumentException(
          "tensor: " + tensor + " (expected: one of " + own.keySet() + ")");
    }
    return bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Copies the inputs to the GPU, computes, copies the outputs back, and waits.
   *
   * @throws CudaException if the device is lost, or a call of CUDA's fails
   * @throws TensorRtException if TensorRT refuses
   */
  void run() throws TensorRtException, CudaException {
    CudaRuntime cuda = engine.tensorRt().cuda();
    // DJL ends the process over an error of CUDA's, also over one that was there before.
    cuda.setDevice(engine.gpu().index());
    cuda.checkDevice();
    errors.listenTo(Thread.currentThread());
    errors.clear();
    try {
      JniUtils.runTrtModel(handle);
    } catch (EngineException e) {
      cuda.checkDevice();
      throw errors.failure("TensorRT cannot run the batch");
    }
  }

  @Override
  public void close() {
    errors.close();
    CudaRuntime cuda = engine.tensorRt().cuda();
    try {
      cuda.setDevice(engine.gpu().index());
    } catch (CudaException e) {
      log.warn("{}", e.getMessage());
    }
    engine.tensorRt().library().deleteContext(handle);
    JniUtils.deleteSession(handle);
    for (Pointer memory : memories) {
      try {
        cuda.freeHost(memory);
      } catch (CudaException e) {
        log.warn("Not freed: {}", e.getMessage());
      }
    }
    memories.clear();
    own.clear();
  }
}
