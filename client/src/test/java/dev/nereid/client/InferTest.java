package dev.nereid.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.nereid.protocol.InferParameter;
import dev.nereid.protocol.ModelInferRequest;
import dev.nereid.protocol.ModelInferResponse;
import dev.nereid.tensor.BytesTensors;
import dev.nereid.tensor.DataType;
import dev.nereid.tensor.RawTensors;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Requests that arrive, and answers that come back. */
class InferTest {

  private static final Duration DEADLINE = Duration.ofSeconds(30);

  @ParameterizedTest
  @EnumSource(DataType.class)
  void aTensorOfEveryTypeComesBackAsItWasSent(DataType type) throws Exception {
    ByteBuffer data =
        type == DataType.BYTES
            ? BytesTensors.ofStrings("a", "", "ümlaut", "d", "e", "f")
            : RawTensors.ofBytes(counting(6 * type.byteSize()));
    try (TestServer server = TestServer.of(new EchoService());
        NereidClient client = NereidClient.connect(ClientOptions.of(server.target()))) {

      InferResult result =
          client
              .infer(
                  InferRequest.to("echo")
                      .input(new InferInput("x", type, new long[] {2, 3}, data))
                      .build())
              .get(30, TimeUnit.SECONDS);

      InferOutput output = result.output("x");
      assertThat(output.type()).isEqualTo(type);
      assertThat(output.shape()).containsExactly(2, 3);
      assertThat(output.data()).isEqualTo(data);
      assertThat(output.data().isReadOnly()).isTrue();
      assertThat(output.sizeBytes()).isEqualTo(data.remaining());
    }
  }

  @Test
  void outputsAreFoundByNameAndReadByType() throws Exception {
    try (TestServer server = TestServer.of(new EchoService());
        NereidClient client = NereidClient.connect(ClientOptions.of(server.target()))) {

      InferResult result =
          client
              .infer(
                  InferRequest.to("echo")
                      .id("42")
                      .input(InferInput.ofFloats("f", new long[] {2}, 1.5f, -2f))
                      .input(InferInput.ofInts("i", new long[] {1, 2}, 3, -4))
                      .input(InferInput.ofLongs("l", new long[] {1}, 1L << 40))
                      .input(InferInput.ofStrings("s", new long[] {2}, "dog", "cat"))
                      .build())
              .get(30, TimeUnit.SECONDS);

      assertThat(result.modelName()).isEqualTo("echo");
      assertThat(result.modelVersion()).isEqualTo("7");
      assertThat(result.id()).isEqualTo("42");
      assertThat(result.output("f").floats()).containsExactly(1.5f, -2f);
      assertThat(result.output("i").ints()).containsExactly(3, -4);
      assertThat(result.output("l").longs()).containsExactly(1L << 40);
      assertThat(result.output("s").strings()).containsExactly("dog", "cat");
      assertThatThrownBy(() -> result.output("f").ints())
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("type of output 'f': FP32 (expected: INT32 or UINT32)");
      assertThatThrownBy(() -> result.output("g"))
          .isInstanceOf(NoSuchElementException.class)
          .hasMessage("output: g (expected: one of [f, i, l, s])");
    }
  }

  @Test
  void aPreparedRequestArrivesTenThousandTimesAsTheGeneratedClassWouldWriteIt() throws Exception {
    byte[] expected = generated().toByteArray();
    AtomicInteger different = new AtomicInteger();
    AtomicInteger failures = new AtomicInteger();
    byte[] answer = EchoService.echo(generated()).toByteArray();
    int calls = 10_000;
    try (TestServer server =
            TestServer.ofBytes(
                (request, observer) -> {
                  if (!Arrays.equals(request, expected)) {
                    different.incrementAndGet();
                  }
                  observer.onNext(answer);
                  observer.onCompleted();
                });
        NereidClient client =
            NereidClient.connect(ClientOptions.of(server.target()).withConnections(2))) {
      PreparedRequest prepared = client.prepare(request());
      Semaphore room = new Semaphore(64);
      CountDownLatch ends = new CountDownLatch(calls);
      InferCallback callback =
          new InferCallback() {
            @Override
            public void onResult(InferResult result) {
              room.release();
              ends.countDown();
            }

            @Override
            public void onFailure(InferenceFailure failure) {
              failures.incrementAndGet();
              room.release();
              ends.countDown();
            }
          };

      for (int i = 0; i < calls; i++) {
        room.acquire();
        client.send(prepared, DEADLINE, callback);
      }

      assertThat(ends.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(prepared.sizeBytes()).isEqualTo(expected.length);
      assertThat(failures).hasValue(0);
      assertThat(different).hasValue(0);
      assertThat(server.calls()).isEqualTo(calls);
      assertThat(server.peers()).isEqualTo(2);
    }
  }

  @Test
  void aPreparedRequestDoesNotFollowItsBuffers() {
    ByteBuffer data = RawTensors.ofInts(1);
    InferRequest request =
        InferRequest.to("echo")
            .input(new InferInput("x", DataType.INT32, new long[] {1}, data))
            .build();
    PreparedRequest prepared = PreparedRequest.of(request);
    ByteBuffer before = prepared.encoded().pieces().get(0).duplicate();
    byte[] bytes = RawTensors.toBytes(before);

    data.putInt(0, 2);

    assertThat(RawTensors.toBytes(prepared.encoded().pieces().get(0))).isEqualTo(bytes);
    assertThat(prepared.modelName()).isEqualTo("echo");
  }

  @Test
  void anUnpreparedRequestArrivesTheSame() throws Exception {
    byte[] expected = generated().toByteArray();
    try (TestServer server =
            TestServer.ofBytes(
                (request, observer) -> {
                  observer.onNext(
                      Arrays.equals(request, expected)
                          ? EchoService.echo(generated()).toByteArray()
                          : new byte[] {0});
                  observer.onCompleted();
                });
        NereidClient client = NereidClient.connect(ClientOptions.of(server.target()))) {

      assertThat(client.infer(request()).get(30, TimeUnit.SECONDS).id()).isEqualTo("7");
    }
  }

  @Test
  void skippedOutputsAreDescribedAndNotKept() throws Exception {
    try (TestServer server = TestServer.of(new EchoService());
        NereidClient client = NereidClient.connect(ClientOptions.of(server.target()))) {
      EndOfCall end = new EndOfCall();

      client.send(client.prepare(request()), DEADLINE, ResponseData.SKIP, end);

      InferOutput output = end.result().output("image");
      assertThat(output.sizeBytes()).isEqualTo(12);
      assertThat(output.shape()).containsExactly(1, 3);
      assertThatThrownBy(output::data)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("data of output 'image': skipped (expected: KEEP)");
    }
  }

  @Test
  void callbacksAreCalledOnTheClientsOwnThreads() throws Exception {
    try (TestServer server = TestServer.of(new EchoService());
        NereidClient client = NereidClient.connect(ClientOptions.of(server.target()))) {
      EndOfCall end = new EndOfCall();

      client.send(client.prepare(request()), ClientOptions.NO_DEADLINE, end);

      assertThat(end.result().id()).isEqualTo("7");
      assertThat(end.thread()).startsWith("nereid-client");
      assertThat(end.ends()).isEqualTo(1);
    }
  }

  @Test
  void aCallbackThatThrowsHarmsNoOtherCall() throws Exception {
    try (TestServer server = TestServer.of(new EchoService());
        NereidClient client = NereidClient.connect(ClientOptions.of(server.target()))) {
      PreparedRequest prepared = client.prepare(request());
      CountDownLatch thrown = new CountDownLatch(1);
      client.send(
          prepared,
          DEADLINE,
          new InferCallback() {
            @Override
            public void onResult(InferResult result) {
              thrown.countDown();
              throw new IllegalStateException("thrown by the test");
            }

            @Override
            public void onFailure(InferenceFailure failure) {}
          });
      assertThat(thrown.await(30, TimeUnit.SECONDS)).isTrue();

      EndOfCall end = new EndOfCall();
      client.send(prepared, DEADLINE, end);

      assertThat(end.result().id()).isEqualTo("7");
    }
  }

  @Test
  void aCompressedAnswerIsRead() throws Exception {
    EchoService compressing =
        new EchoService() {
          @Override
          public void modelInfer(
              ModelInferRequest request, StreamObserver<ModelInferResponse> observer) {
            ((ServerCallStreamObserver<ModelInferResponse>) observer).setCompression("gzip");
            super.modelInfer(request, observer);
          }
        };
    float[] values = new float[10_000];
    try (TestServer server = TestServer.of(compressing);
        NereidClient client = NereidClient.connect(ClientOptions.of(server.target()))) {

      InferResult result =
          client
              .infer(
                  InferRequest.to("echo")
                      .input(InferInput.ofFloats("x", new long[] {10_000}, values))
                      .build())
              .get(30, TimeUnit.SECONDS);

      assertThat(result.output("x").floats()).isEqualTo(values);
    }
  }

  @Test
  void headersGoWithEveryCall() throws Exception {
    try (TestServer server = TestServer.of(new EchoService());
        NereidClient client =
            NereidClient.connect(
                ClientOptions.of(server.target())
                    .withHeaders(Map.of("triton-grpc-protocol-infer-key", "secret")))) {

      client.infer(request()).get(30, TimeUnit.SECONDS);
      client.infer(request()).get(30, TimeUnit.SECONDS);

      assertThat(server.headers())
          .hasSize(2)
          .allSatisfy(
              headers ->
                  assertThat(
                          headers.get(
                              Metadata.Key.of(
                                  "triton-grpc-protocol-infer-key",
                                  Metadata.ASCII_STRING_MARSHALLER)))
                      .isEqualTo("secret"));
    }
  }

  @Test
  void aServersErrorKeepsItsCodeAndItsTextHoweverLong() throws Exception {
    String text = "[request id: 7] " + "unexpected shape ".repeat(1_000);
    EchoService failing =
        new EchoService() {
          @Override
          public void modelInfer(
              ModelInferRequest request, StreamObserver<ModelInferResponse> observer) {
            observer.onError(Status.INVALID_ARGUMENT.withDescription(text).asRuntimeException());
          }
        };
    try (TestServer server = TestServer.of(failing);
        NereidClient client = NereidClient.connect(ClientOptions.of(server.target()))) {

      InferenceFailure failure = EndOfCall.failureOf(client.infer(request()));

      assertThat(failure.code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
      assertThat(failure.text()).isEqualTo(text);
      assertThat(failure).hasMessage("INVALID_ARGUMENT: " + text);
    }
  }

  @Test
  void anInputWhoseDataDoesNotFillItsShapeIsRefused() {
    assertThatThrownBy(() -> InferInput.ofFloats("x", new long[] {3}, 1f, 2f))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("data of input 'x': 8 bytes (expected: 12 bytes for FP32 [3])");
    assertThatThrownBy(() -> InferInput.ofStrings("x", new long[] {3}, "a", "b"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("data of input 'x': TOO_FEW (expected: 3 elements for BYTES [3])");
  }

  private static InferRequest request() {
    return InferRequest.to("resnet")
        .version("3")
        .id("7")
        .priority(2)
        .input(InferInput.ofFloats("image", new long[] {1, 3}, 1f, 2f, 3f))
        .input(InferInput.ofStrings("name", new long[] {1, 1}, "dog"))
        .output(RequestedOutput.classification("probabilities", 5))
        .build();
  }

  /** The same, by hand. */
  private static ModelInferRequest generated() {
    ModelInferRequest.Builder request =
        ModelInferRequest.newBuilder().setModelName("resnet").setModelVersion("3").setId("7");
    request.putParameters("priority", InferParameter.newBuilder().setUint64Param(2).build());
    request.addInputsBuilder().setName("image").setDatatype("FP32").addShape(1).addShape(3);
    request.addInputsBuilder().setName("name").setDatatype("BYTES").addShape(1).addShape(1);
    request
        .addOutputsBuilder()
        .setName("probabilities")
        .putParameters("classification", InferParameter.newBuilder().setInt64Param(5).build());
    request.addRawInputContents(ByteString.copyFrom(RawTensors.ofFloats(1f, 2f, 3f)));
    request.addRawInputContents(ByteString.copyFrom(new byte[] {3, 0, 0, 0, 'd', 'o', 'g'}));
    return request.build();
  }

  private static byte[] counting(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) i;
    }
    return bytes;
  }
}
