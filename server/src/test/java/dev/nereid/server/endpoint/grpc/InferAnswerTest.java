package dev.nereid.server.endpoint.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.nereid.protocol.ModelInferResponse;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.inference.Tensor;
import dev.nereid.tensor.DataType;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Responses, written as the transport asks for them and read by generated code. */
class InferAnswerTest {

  private static final int[] SIZES = {0, 1, 127, 128, 70_000, 0};

  private final List<byte[]> data = new ArrayList<>();

  private InferAnswer answer() throws InferenceException {
    Random random = new Random(1);
    List<Tensor> outputs = new ArrayList<>();
    for (int size : SIZES) {
      byte[] bytes = new byte[size];
      random.nextBytes(bytes);
      data.add(bytes);
      // Behind other bytes, as a slice of a batch's output is.
      ByteBuf memory = Unpooled.directBuffer(size + 3).writeZero(3).writeBytes(bytes).skipBytes(3);
      outputs.add(new Tensor("OUT" + size, DataType.UINT8, new long[] {1, size}, memory));
    }
    return InferAnswer.of("model", 3, "id", outputs);
  }

  private void checkMessage(byte[] message) throws IOException {
    ModelInferResponse response = ModelInferResponse.parseFrom(message);
    assertThat(response.getModelName()).isEqualTo("model");
    assertThat(response.getModelVersion()).isEqualTo("3");
    assertThat(response.getId()).isEqualTo("id");
    assertThat(response.getOutputsCount()).isEqualTo(SIZES.length);
    assertThat(response.getOutputs(4).getShapeList()).containsExactly(1L, 70_000L);
    assertThat(response.getRawOutputContentsList())
        .extracting(ByteString::toByteArray)
        .containsExactlyElementsOf(data);
  }

  @Test
  void drainedItIsTheMessageThatItsSizePromises() throws Exception {
    InferAnswer answer = answer();
    AnswerStream stream = (AnswerStream) new InferAnswerMarshaller().stream(answer);
    ByteArrayOutputStream target = new ByteArrayOutputStream();

    assertThat(stream.available()).isEqualTo(answer.size());
    assertThat(stream.drainTo(target)).isEqualTo(answer.size());

    assertThat(target.size()).isEqualTo(answer.size());
    checkMessage(target.toByteArray());
    assertThat(stream.available()).isZero();
    assertThat(stream.read()).isEqualTo(-1);
    answer.release();
  }

  @Test
  void readInPiecesItIsTheSame() throws Exception {
    InferAnswer answer = answer();
    InputStream stream = new InferAnswerMarshaller().stream(answer);
    ByteArrayOutputStream target = new ByteArrayOutputStream();
    target.write(stream.read());
    byte[] piece = new byte[17];
    for (int size = stream.read(piece, 1, 16); size > 0; size = stream.read(piece, 1, 16)) {
      target.write(piece, 1, size);
    }

    checkMessage(target.toByteArray());
    answer.release();
  }

  @Test
  void itsMemoryIsGivenBackOnce() throws Exception {
    InferAnswer answer = answer();

    answer.release();
    answer.release();

    assertThat(answer.parts()).allSatisfy(part -> assertThat(part.refCnt()).isZero());
  }

  @Test
  void anAnswerThatGrpcCannotCarryIsRefusedAndStaysTheCallers() {
    ByteBuf megabyte = Unpooled.directBuffer(1 << 20).writerIndex(1 << 20);
    ByteBuf[] repeated = new ByteBuf[1100];
    Arrays.setAll(repeated, i -> megabyte.retainedDuplicate());
    ByteBuf large = Unpooled.wrappedBuffer(repeated.length, repeated);
    Tensor output = new Tensor("OUTPUT0", DataType.UINT8, new long[] {1100 << 20}, large);

    assertThatThrownBy(() -> InferAnswer.of("model", 1, "", List.of(output, output)))
        .isInstanceOfSatisfying(
            InferenceException.class,
            e -> assertThat(e.code()).isEqualTo(StatusCode.INVALID_ARGUMENT))
        .hasMessageMatching(
            "Response has byte size 23068\\d+ which exceeds gRPC's byte size limit 2147483647\\.");
    assertThat(large.release()).isTrue();
    assertThat(megabyte.release()).isTrue();
  }
}
