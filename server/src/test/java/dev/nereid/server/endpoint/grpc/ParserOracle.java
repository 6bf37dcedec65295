package dev.nereid.server.endpoint.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.nereid.protocol.ModelInferRequest;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.memory.TensorMemory;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** What generated code makes of a message is what our parser has to make of it. */
final class ParserOracle {

  private final TensorMemory memory = new TensorMemory(1 << 28);
  private final InferCallMarshaller marshaller = new InferCallMarshaller(memory, model -> memory);

  /** Fails unless our parser, from slices and from a plain stream, agrees with generated code. */
  void check(byte[] message, int... sliceBytes) {
    ModelInferRequest expected = generated(message);
    check(message, expected, new SlicedStream(message, sliceBytes));
    check(message, expected, new ByteArrayInputStream(message));
    assertThat(memory.usedBytes()).as("tensor memory still in use").isZero();
  }

  private static @Nullable ModelInferRequest generated(byte[] message) {
    try {
      return ModelInferRequest.parseFrom(message);
    } catch (InvalidProtocolBufferException e) {
      return null;
    }
  }

  private void check(byte[] message, @Nullable ModelInferRequest expected, InputStream stream) {
    InferCall call = marshaller.parse(stream);
    InferenceException refusal = call.refusal();
    if (refusal == null && expected != null) {
      assertThat(call.header()).isEqualTo(expected.toBuilder().clearRawInputContents().build());
      assertThat(call.rawInputs())
          .extracting(data -> ByteString.copyFrom(data.nioBuffer()))
          .isEqualTo(expected.getRawInputContentsList());
    } else if (refusal != null && refusal.code() == StatusCode.RESOURCE_EXHAUSTED) {
      // A bound that is ours: fields, of a byte at least, in a number that no request has.
      assertThat(message).as(refusal.text()).hasSizeGreaterThan(InferCallMarshaller.MAX_FIELDS);
    } else if (!hasEndlessVarint(message)) {
      assertThat(refusal == null).as("accepted").isEqualTo(expected != null);
    }
    call.release();
  }

  /**
   * Whether there may be a varint of more than 10 bytes. The format has none; protobuf-java refuses
   * it or takes its first 10 bytes, depending on the tenth and on what follows.
   */
  private static boolean hasEndlessVarint(byte[] message) {
    int run = 0;
    for (byte b : message) {
      run = b < 0 ? run + 1 : 0;
      if (run == 10) {
        return true;
      }
    }
    return false;
  }
}
