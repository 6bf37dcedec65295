package dev.nereid.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.tensor.DataType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class EncodedRequestStreamTest {

  @Test
  void itCanBeDrainedReadByTheByteAndReadByTheArray() throws IOException {
    EncodedRequest request = EncodedRequest.of(request(100_000));
    byte[] prepared = drained(request.flattened());

    assertThat(drained(request)).isEqualTo(prepared);
    assertThat(new EncodedRequestStream(request).readAllBytes()).isEqualTo(prepared);
    EncodedRequestStream byTheByte = new EncodedRequestStream(request);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int value = byTheByte.read(); value >= 0; value = byTheByte.read()) {
      bytes.write(value);
    }
    assertThat(bytes.toByteArray()).isEqualTo(prepared);
  }

  @Test
  void itKnowsItsLengthAtEveryPoint() throws IOException {
    EncodedRequest request = EncodedRequest.of(request(10));
    EncodedRequestStream stream = new EncodedRequestStream(request);
    assertThat(stream.available()).isEqualTo(request.sizeBytes());

    assertThat(stream.read()).isNotNegative();
    assertThat(stream.available()).isEqualTo(request.sizeBytes() - 1);

    assertThat(stream.drainTo(new ByteArrayOutputStream())).isEqualTo(request.sizeBytes() - 1);
    assertThat(stream.available()).isZero();
    assertThat(stream.read()).isEqualTo(-1);
    assertThat(stream.read(new byte[1], 0, 1)).isEqualTo(-1);
    assertThat(stream.drainTo(new ByteArrayOutputStream())).isZero();
  }

  @Test
  void sendingLeavesTheCallersBufferWhereItWas() throws IOException {
    ByteBuffer data = ByteBuffer.allocateDirect(20).position(4).limit(12);
    InferInput input = new InferInput("x", DataType.INT8, new long[] {8}, data);
    EncodedRequest request = EncodedRequest.of(InferRequest.to("m").input(input).build());

    assertThat(drained(request)).isEqualTo(drained(request));
    assertThat(data.position()).isEqualTo(4);
    assertThat(data.limit()).isEqualTo(12);
  }

  @Test
  void aRequestOfMoreThanTwoGigabytesIsRefused() {
    ByteBuffer data = ByteBuffer.allocateDirect(1 << 26);
    InferRequest.Builder request = InferRequest.to("m");
    for (int i = 0; i < 32; i++) {
      request.input(new InferInput("x" + i, DataType.INT8, new long[] {1 << 26}, data));
    }

    assertThatThrownBy(() -> EncodedRequest.of(request.build()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageMatching("request: 2147\\d+ bytes \\(expected: at most 2147483647\\)");
  }

  private static byte[] drained(EncodedRequest request) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    assertThat(new EncodedRequestStream(request).drainTo(bytes)).isEqualTo(request.sizeBytes());
    return bytes.toByteArray();
  }

  /** One direct, one on the heap, one empty. */
  private static InferRequest request(int elements) {
    ByteBuffer direct = ByteBuffer.allocateDirect(elements);
    ByteBuffer heap = ByteBuffer.allocate(elements + 8).position(8);
    for (int i = 0; i < elements; i++) {
      direct.put(i, (byte) i);
      heap.put(8 + i, (byte) -i);
    }
    return InferRequest.to("model")
        .input(new InferInput("a", DataType.UINT8, new long[] {elements}, direct))
        .input(new InferInput("b", DataType.FP32, new long[] {0}, ByteBuffer.allocateDirect(0)))
        .input(new InferInput("c", DataType.INT8, new long[] {elements}, heap.asReadOnlyBuffer()))
        .build();
  }
}
