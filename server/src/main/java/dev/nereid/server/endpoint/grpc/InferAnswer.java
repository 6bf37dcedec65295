package dev.nereid.server.endpoint.grpc;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import dev.nereid.protocol.ModelInferResponse;
import dev.nereid.protocol.ModelInferResponse.InferOutputTensor;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.inference.Tensor;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/**
 * One ModelInferResponse, ready to be written: what generated code serialises, and the tensors in
 * the memory that they lie in. Their order is that of the outputs; each has its entry of {@code
 * raw_output_contents}, an empty one too.
 *
 * <p>Not thread-safe. Whoever holds it releases it.
 */
final class InferAnswer {

  private static final int RAW_TAG =
      (ModelInferResponse.RAW_OUTPUT_CONTENTS_FIELD_NUMBER << 3)
          | WireFormat.WIRETYPE_LENGTH_DELIMITED;

  private final List<ByteBuf> parts;
  private final int size;
  private boolean released;

  private InferAnswer(List<ByteBuf> parts, int size) {
    this.parts = parts;
    this.size = size;
  }

  /**
   * @param outputs their memory is the answer's, unless this throws
   * @throws InferenceException INVALID_ARGUMENT if the message is larger than gRPC can carry
   */
  static InferAnswer of(String model, long version, String id, List<Tensor> outputs)
      throws InferenceException {
    ModelInferResponse.Builder header =
        ModelInferResponse.newBuilder()
            .setModelName(model)
            .setModelVersion(Long.toString(version))
            .setId(id);
    for (Tensor output : outputs) {
      InferOutputTensor.Builder tensor =
          InferOutputTensor.newBuilder().setName(output.name()).setDatatype(output.type().name());
      for (long dimension : output.shape()) {
        tensor.addShape(dimension);
      }
      header.addOutputs(tensor);
    }
    return of(header.build(), outputs);
  }

  private static InferAnswer of(ModelInferResponse header, List<Tensor> outputs)
      throws InferenceException {
    long total = header.getSerializedSize();
    for (Tensor output : outputs) {
      int bytes = output.data().readableBytes();
      total += leadBytes(bytes) + (long) bytes;
    }
    if (total > Integer.MAX_VALUE) {
      throw new InferenceException(
          StatusCode.INVALID_ARGUMENT,
          "Response has byte size "
              + total
              + " which exceeds gRPC's byte size limit "
              + Integer.MAX_VALUE
              + ".");
    }
    List<ByteBuf> parts = new ArrayList<>(2 * outputs.size() + 1);
    parts.add(Unpooled.wrappedBuffer(header.toByteArray()));
    for (Tensor output : outputs) {
      parts.add(lead(output.data().readableBytes()));
      parts.add(output.data());
    }
    return new InferAnswer(parts, (int) total);
  }

  /** The message end to end; the answer owns them. */
  List<ByteBuf> parts() {
    return parts;
  }

  /** Bytes of the message. */
  int size() {
    return size;
  }

  /** Gives the memory back; does nothing the second time. */
  void release() {
    if (!released) {
      released = true;
      parts.forEach(ByteBuf::release);
    }
  }

  private static int leadBytes(int length) {
    return CodedOutputStream.computeUInt32SizeNoTag(RAW_TAG)
        + CodedOutputStream.computeUInt32SizeNoTag(length);
  }

  private static ByteBuf lead(int length) {
    byte[] bytes = new byte[leadBytes(length)];
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    try {
      out.writeUInt32NoTag(RAW_TAG);
      out.writeUInt32NoTag(length);
      out.checkNoSpaceLeft();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Unpooled.wrappedBuffer(bytes);
  }
}
