package dev.nereid.server.endpoint.grpc;

import com.google.protobuf.ByteString;
import dev.nereid.protocol.ModelInferRequest;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.memory.TensorMemory;
import io.grpc.MethodDescriptor;
import io.grpc.internal.CompositeReadableBuffer;
import io.grpc.internal.ReadableBuffers;
import io.grpc.protobuf.ProtoUtils;
import io.netty.buffer.ByteBuf;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A request from the transport's slices to tensors in direct memory: by the server's parser, and by
 * generated code with a copy of each tensor behind it. Run with {@code -prof gc} to see what each
 * allocates.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(2)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class RequestParsingBenchmark {

  /** Of an HTTP/2 frame. */
  private static final int SLICE_BYTES = 16 << 10;

  /** A small tensor, and one image of 224 × 224 × 3 floats. */
  @Param({"64", "602112"})
  private int tensorBytes;

  private final TensorMemory memory = new TensorMemory(1L << 28);
  private final InferCallMarshaller marshaller = new InferCallMarshaller(memory, model -> memory);
  private final MethodDescriptor.Marshaller<ModelInferRequest> generated =
      ProtoUtils.marshaller(ModelInferRequest.getDefaultInstance());
  private ByteBuffer message = ByteBuffer.allocateDirect(0);

  @Setup
  public void serialise() {
    byte[] bytes =
        ModelInferRequest.newBuilder()
            .setModelName("identity")
            .addInputs(
                ModelInferRequest.InferInputTensor.newBuilder()
                    .setName("INPUT0")
                    .setDatatype("FP32")
                    .addShape(1)
                    .addShape(tensorBytes / Float.BYTES))
            .addRawInputContents(ByteString.copyFrom(new byte[tensorBytes]))
            .build()
            .toByteArray();
    message = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
  }

  private InputStream received() {
    CompositeReadableBuffer slices = new CompositeReadableBuffer();
    for (int from = 0; from < message.limit(); from += SLICE_BYTES) {
      int size = Math.min(SLICE_BYTES, message.limit() - from);
      slices.addBuffer(ReadableBuffers.wrap(message.slice(from, size)));
    }
    return ReadableBuffers.openStream(slices, true);
  }

  @Benchmark
  public int parser() {
    InferCall call = marshaller.parse(received());
    int inputs = call.header().getInputsCount();
    call.release();
    return inputs;
  }

  @Benchmark
  public int generatedThenCopied() throws InferenceException {
    ModelInferRequest request = generated.parse(received());
    for (ByteString raw : request.getRawInputContentsList()) {
      ByteBuf tensor = memory.allocate(raw.size());
      raw.copyTo(tensor.nioBuffer(0, raw.size()));
      tensor.release();
    }
    return request.getInputsCount();
  }
}
