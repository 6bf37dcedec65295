package dev.nereid.microbench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/** ONNX Runtime with nothing around it: one session, one batch, run again and again. */
final class BareOnnxLoop implements AutoCloseable {

  private static final int PIXELS = 224 * 224 * 3;
  private static final int CLASSES = 1000;

  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final int batch;
  private final OrtSession session;
  private final Map<String, OnnxTensor> inputs;
  private final Map<String, OnnxTensor> outputs;

  BareOnnxLoop(Path model, int threads, int batch) throws OrtException {
    this.batch = batch;
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(threads);
      options.setInterOpNumThreads(1);
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
    FloatBuffer floats = bytes.asFloatBuffer();
    for (int i = 0; i < floats.capacity(); i++) {
      floats.put(i, (i % PIXELS) / (float) PIXELS);
    }
    return OnnxTensor.createTensor(environment, floats, shape);
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
    session.close();
  }
}
