package dev.nereid.microbench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.sun.jna.Function;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * ONNX Runtime with nothing around it: one session, one batch, run again and again. On a GPU the
 * batch and its answer lie in page-locked memory, as the server's do.
 */
final class BareOnnxLoop implements AutoCloseable {

  private static final int PIXELS = 224 * 224 * 3;
  private static final int CLASSES = 1000;

  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final int batch;
  private final OrtSession session;
  private final Map<String, OnnxTensor> inputs;
  private final Map<String, OnnxTensor> outputs;
  private final List<Pointer> pageLocked = new ArrayList<>();
  private final boolean onGpu;

  /**
   * @param device a GPU's index; none for the CPU
   */
  BareOnnxLoop(Path model, int threads, int batch, OptionalInt device) throws OrtException {
    this.batch = batch;
    this.onGpu = device.isPresent();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(threads);
      options.setInterOpNumThreads(1);
      if (device.isPresent()) {
        // Leaves the device's context with this thread.
        options.addCUDA(device.getAsInt());
      }
      session = environment.createSession(model.toString(), options);
    }
    inputs = Map.of("input", tensor(batch, 224, 224, 3));
    outputs = Map.of("probabilities", tensor(batch, CLASSES));
  }

  private OnnxTensor tensor(long... shape) throws OrtException {
    long elements = 1;
    for (long dimension : shape) {
      elements *= dimension;
    }
    ByteBuffer bytes =
        ByteBuffer.allocateDirect(Math.toIntExact(elements * Float.BYTES))
            .order(ByteOrder.nativeOrder());
    if (onGpu) {
      pageLock(bytes);
    }
    FloatBuffer floats = bytes.asFloatBuffer();
    for (int i = 0; i < floats.capacity(); i++) {
      floats.put(i, (i % PIXELS) / (float) PIXELS);
    }
    return OnnxTensor.createTensor(environment, floats, shape);
  }

  private void pageLock(ByteBuffer bytes) {
    Pointer memory = Native.getDirectBufferPointer(bytes);
    driver("cuMemHostRegister_v2", memory, (long) bytes.capacity(), 0);
    pageLocked.add(memory);
  }

  private static void driver(String function, Object... arguments) {
    int code = Function.getFunction("libcuda.so.1", function).invokeInt(arguments);
    if (code != 0) {
      throw new IllegalStateException(function + ": error " + code);
    }
  }

  /** Runs for at least that long; images a second. */
  double imagesPerSecond(long nanos) throws OrtException {
    long start = System.nanoTime();
    long batches = 0;
    long now = start;
    while (now - start < nanos) {
      session.run(inputs, Set.of(), outputs).close();
      batches++;
      now = System.nanoTime();
    }
    return batches * batch * 1e9 / (now - start);
  }

  @Override
  public void close() throws OrtException {
    inputs.values().forEach(OnnxTensor::close);
    outputs.values().forEach(OnnxTensor::close);
    pageLocked.forEach(memory -> driver("cuMemHostUnregister", memory));
    session.close();
  }
}
