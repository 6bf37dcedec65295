package dev.nereid.client;

import com.google.protobuf.CodedOutputStream;
import dev.nereid.protocol.ModelInferRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A serialised ModelInferRequest, in pieces: everything but {@code raw_input_contents}, then for
 * each input that is not in shared memory the field's tag and length, and the caller's own buffer.
 *
 * <p>The pieces put together are what the generated class would write, byte for byte.
 */
final class EncodedRequest {

  private static final int RAW_INPUT_CONTENTS_TAG =
      (ModelInferRequest.RAW_INPUT_CONTENTS_FIELD_NUMBER << 3) | 2;

  private final List<ByteBuffer> pieces;
  private final int sizeBytes;
  private final Set<String> outputsElsewhere;

  private EncodedRequest(List<ByteBuffer> pieces, Set<String> outputsElsewhere) {
    this.outputsElsewhere = outputsElsewhere;
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
      if (input.sharedMemory().isEmpty()) {
        pieces.add(fieldStart(input.data().remaining()));
        pieces.add(input.data());
      }
    }
    return new EncodedRequest(pieces, outputsElsewhere(request));
  }

  /** The same bytes in one array of its own. */
  EncodedRequest flattened() {
    ByteBuffer all = ByteBuffer.allocate(sizeBytes);
    for (ByteBuffer piece : pieces) {
      all.put(piece.duplicate());
    }
    return new EncodedRequest(List.of(all.flip()), outputsElsewhere);
  }

  List<ByteBuffer> pieces() {
    return pieces;
  }

  int sizeBytes() {
    return sizeBytes;
  }

  /** Outputs that the answer has no data of, since they are wanted in shared memory. */
  Set<String> outputsElsewhere() {
    return outputsElsewhere;
  }

  private static Set<String> outputsElsewhere(InferRequest request) {
    return request.outputs().stream()
        .filter(output -> output.parameters().containsKey("shared_memory_region"))
        .map(RequestedOutput::name)
        .collect(Collectors.toUnmodifiableSet());
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
      input.sharedMemory().ifPresent(part -> tensor.putAllParameters(part.parameters()));
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
