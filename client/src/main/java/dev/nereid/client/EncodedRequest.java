package dev.nereid.client;

import com.google.protobuf.CodedOutputStream;
import dev.nereid.protocol.ModelInferRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A serialised ModelInferRequest, in pieces: everything but {@code raw_input_contents}, then for
 * each input the field's tag and length, and the caller's own buffer.
 *
 * <p>The pieces put together are what the generated class would write, byte for byte.
 */
final class EncodedRequest {

  private static final int RAW_INPUT_CONTENTS_TAG =
      (ModelInferRequest.RAW_INPUT_CONTENTS_FIELD_NUMBER << 3) | 2;

  private final List<ByteBuffer> pieces;
  private final int sizeBytes;

  private EncodedRequest(List<ByteBuffer> pieces) {
    long total = 0;
    for (ByteBuffer piece : pieces) {
      total += piece.remaining();
    }
    if (total > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "request: " + total + " bytes (expected: at most " + Integer.MAX_VALUE + ")");
    }
    this.pieces = List.copyOf(pieces);
    this.sizeBytes = (int) total;
  }

  /** Copies nothing of the tensors: they must not change while this is in use. */
  static EncodedRequest of(InferRequest request) {
    List<ByteBuffer> pieces = new ArrayList<>(1 + 2 * request.inputs().size());
    pieces.add(ByteBuffer.wrap(head(request).toByteArray()));
    for (InferInput input : request.inputs()) {
      pieces.add(fieldStart(input.data().remaining()));
      pieces.add(input.data());
    }
    return new EncodedRequest(pieces);
  }

  /** The same bytes in one array of its own. */
  EncodedRequest flattened() {
    ByteBuffer all = ByteBuffer.allocate(sizeBytes);
    for (ByteBuffer piece : pieces) {
      all.put(piece.duplicate());
    }
    return new EncodedRequest(List.of(all.flip()));
  }

  List<ByteBuffer> pieces() {
    return pieces;
  }

  int sizeBytes() {
    return sizeBytes;
  }

  private static ModelInferRequest head(InferRequest request) {
    ModelInferRequest.Builder head =
        ModelInferRequest.newBuilder()
            .setModelName(request.modelName())
            .setModelVersion(request.modelVersion())
            .setId(request.id())
            .putAllParameters(request.parameters());
    for (InferInput input : request.inputs()) {
      ModelInferRequest.InferInputTensor.Builder tensor =
          head.addInputsBuilder().setName(input.name()).setDatatype(input.type().name());
      for (long dimension : input.shape()) {
        tensor.addShape(dimension);
      }
    }
    for (RequestedOutput output : request.outputs()) {
      head.addOutputsBuilder().setName(output.name()).putAllParameters(output.parameters());
    }
    return head.build();
  }

  private static ByteBuffer fieldStart(int lengthBytes) {
    ByteBuffer start =
        ByteBuffer.allocate(
            CodedOutputStream.computeUInt32SizeNoTag(RAW_INPUT_CONTENTS_TAG)
                + CodedOutputStream.computeUInt32SizeNoTag(lengthBytes));
    CodedOutputStream out = CodedOutputStream.newInstance(start.array());
    try {
      out.writeUInt32NoTag(RAW_INPUT_CONTENTS_TAG);
      out.writeUInt32NoTag(lengthBytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return start;
  }
}
