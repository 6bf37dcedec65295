package dev.nereid.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.nereid.protocol.ModelInferRequest;
import dev.nereid.protocol.ModelInferResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Calls without an answer, or with a wrong one. */
class FailureTest {

  private static final Duration LONG = Duration.ofSeconds(60);

  @Test
  void aCallEndsWithItsDeadline() throws Exception {
    SilentService silent = new SilentService();
    try (TestServer server = TestServer.of(silent);
        NereidClient client = NereidClient.connect(ClientOptions.of(server.target()))) {
      EndOfCall end = new EndOfCall();

      client.send(client.prepare(request()), Duration.ofMillis(50), end);

      assertThat(end.failure().code()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
      assertThat(end.ends()).isEqualTo(1);
    }
  }

  @Test
  void theDefaultDeadlineHoldsForEveryCallWithoutOne() throws Exception {
    try (TestServer server = TestServer.of(new SilentService());
        NereidClient client =
            NereidClient.connect(
                ClientOptions.of(server.target()).withDeadline(Duration.ofMillis(50)))) {

      assertThat(EndOfCall.failureOf(client.infer(request())).code())
          .isEqualTo(Status.Code.DEADLINE_EXCEEDED);
    }
  }

  @Test
  void aCancelledCallEndsHereAndAtTheServer() throws Exception {
    SilentService silent = new SilentService();
    try (TestServer server = TestServer.of(silent);
        NereidClient client = NereidClient.connect(ClientOptions.of(server.target()))) {
      EndOfCall end = new EndOfCall();
      InFlight call = client.send(client.prepare(request()), LONG, end);
      silent.awaitArrival();

      call.cancel();
      call.cancel();

      assertThat(end.failure().code()).isEqualTo(Status.Code.CANCELLED);
      silent.awaitCancellation();
      assertThat(end.ends()).isEqualTo(1);
    }
  }

  @Test
  void aCancelledFutureCancelsItsCall() throws Exception {
    SilentService silent = new SilentService();
    try (TestServer server = TestServer.of(silent);
        NereidClient client = NereidClient.connect(ClientOptions.of(server.target()))) {
      CompletableFuture<InferResult> future = client.infer(request());
      silent.awaitArrival();

      assertThat(future.cancel(false)).isTrue();

      silent.awaitCancellation();
      assertThatThrownBy(future::join).isInstanceOf(CancellationException.class);
    }
  }

  @Test
  void aPortWhereNobodyListensIsUnavailable() throws Exception {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    try (NereidClient client = NereidClient.connect(ClientOptions.of("127.0.0.1:" + port))) {

      InferenceFailure failure = EndOfCall.failureOf(client.serverLive());

      assertThat(failure.code()).isEqualTo(Status.Code.UNAVAILABLE);
      assertThat(failure.text()).contains("Connection refused").contains("127.0.0.1:" + port);
    }
  }

  @Test
  void aServerThatNeverComesIsWaitedForNoLongerThanAsked() throws Exception {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    try (NereidClient client = NereidClient.connect(ClientOptions.of("127.0.0.1:" + port))) {

      InferenceFailure failure = EndOfCall.failureOf(client.connected(Duration.ofMillis(100)));

      assertThat(failure.code()).isEqualTo(Status.Code.UNAVAILABLE);
      assertThat(failure.text())
          .startsWith("connections to [127.0.0.1:" + port + "]: [")
          .endsWith("] (expected: READY within PT0.1S)");
    }
  }

  @Test
  void closingEndsTheWaitForConnections() throws Exception {
    try (ServerSocket nobodyAccepts = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      NereidClient client =
          NereidClient.connect(ClientOptions.of("127.0.0.1:" + nobodyAccepts.getLocalPort()));
      CompletableFuture<Void> connected = client.connected(LONG);

      client.close();

      assertThat(EndOfCall.failureOf(connected).code()).isEqualTo(Status.Code.UNAVAILABLE);
    }
  }

  @Test
  void aServerThatGoesAwayFailsTheCallsItHadAndThoseAfter() throws Exception {
    SilentService silent = new SilentService();
    TestServer server = TestServer.of(silent);
    try (NereidClient client = NereidClient.connect(ClientOptions.of(server.target()))) {
      EndOfCall end = new EndOfCall();
      client.send(client.prepare(request()), LONG, end);
      silent.awaitArrival();

      server.close();

      assertThat(end.failure().code()).isIn(Status.Code.UNAVAILABLE, Status.Code.CANCELLED);
      assertThat(EndOfCall.failureOf(client.infer(request())).code())
          .isEqualTo(Status.Code.UNAVAILABLE);
    }
  }

  @Test
  void anAnswerOverTheLimitIsRefused() throws Exception {
    try (TestServer server = TestServer.of(new EchoService());
        NereidClient client =
            NereidClient.connect(ClientOptions.of(server.target()).withMaxMessageBytes(1_000))) {
      InferRequest large =
          InferRequest.to("echo")
              .input(InferInput.ofFloats("x", new long[] {1_000}, new float[1_000]))
              .build();

      InferenceFailure failure = EndOfCall.failureOf(client.infer(large));

      assertThat(failure.code()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
      assertThat(failure.text()).contains("1000");
      assertThat(client.infer(request()).get(30, TimeUnit.SECONDS).modelName()).isEqualTo("echo");
    }
  }

  @ParameterizedTest
  @EnumSource(ResponseData.class)
  void aMissingRawOutputIsNamed(ResponseData responseData) throws Exception {
    ModelInferResponse.Builder response = ModelInferResponse.newBuilder();
    response.addOutputsBuilder().setName("a").setDatatype("INT8").addShape(1);
    response.addOutputsBuilder().setName("b").setDatatype("INT8").addShape(1);
    response.addRawOutputContents(ByteString.copyFrom(new byte[1]));

    assertThat(malformed(response.build().toByteArray(), responseData))
        .isEqualTo("response: raw_output_contents: 1 (expected: 2, one for each output)");
  }

  @ParameterizedTest
  @EnumSource(ResponseData.class)
  void aRawOutputOfTheWrongSizeIsNamed(ResponseData responseData) throws Exception {
    ModelInferResponse.Builder response = ModelInferResponse.newBuilder();
    response.addOutputsBuilder().setName("a").setDatatype("FP32").addShape(2).addShape(3);
    response.addRawOutputContents(ByteString.copyFrom(new byte[23]));

    assertThat(malformed(response.build().toByteArray(), responseData))
        .isEqualTo("response: data of output 'a': 23 bytes (expected: 24 for FP32 [2,3])");
  }

  @Test
  void anUnknownDatatypeIsNamed() throws Exception {
    ModelInferResponse.Builder response = ModelInferResponse.newBuilder();
    response.addOutputsBuilder().setName("a").setDatatype("FP8").addShape(1);
    response.addRawOutputContents(ByteString.copyFrom(new byte[1]));

    assertThat(malformed(response.build().toByteArray(), ResponseData.KEEP))
        .isEqualTo("response: datatype of output 'a': FP8 (expected: one of KServe v2's)");
  }

  @Test
  void aNegativeDimensionIsNamed() throws Exception {
    ModelInferResponse.Builder response = ModelInferResponse.newBuilder();
    response.addOutputsBuilder().setName("a").setDatatype("FP32").addShape(-1);
    response.addRawOutputContents(ByteString.EMPTY);

    assertThat(malformed(response.build().toByteArray(), ResponseData.KEEP))
        .isEqualTo("response: dimension: -1 (expected: >= 0)");
  }

  @Test
  void bytesThatAreNoResponseFailTheirCallAndNoOther() throws Exception {
    byte[] twoGigabytesClaimed = {0x32, -1, -1, -1, -1, 7};

    assertThat(malformed(twoGigabytesClaimed, ResponseData.KEEP))
        .isEqualTo("response: length: 2147483647 (expected: at most the 0 bytes left)");
  }

  @Test
  void closingFailsEveryCallInFlightOnceAndEndsTheThreads() throws Exception {
    SilentService silent = new SilentService();
    try (TestServer server = TestServer.of(silent)) {
      NereidClient client = NereidClient.connect(ClientOptions.of(server.target()));
      PreparedRequest prepared = client.prepare(request());
      List<EndOfCall> ends = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        EndOfCall end = new EndOfCall();
        client.send(prepared, LONG, end);
        ends.add(end);
      }
      silent.awaitArrival();

      client.close();
      client.close();

      for (EndOfCall end : ends) {
        assertThat(end.failure().code()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(end.ends()).isEqualTo(1);
      }
      assertThat(Thread.getAllStackTraces().keySet())
          .noneMatch(thread -> thread.getName().startsWith("nereid-client") && thread.isAlive());
      EndOfCall late = new EndOfCall();
      client.send(prepared, LONG, late);
      assertThat(late.failure().code()).isEqualTo(Status.Code.UNAVAILABLE);
    }
  }

  @Test
  void aCallbackMayCloseTheClient() throws Exception {
    try (TestServer server = TestServer.of(new EchoService())) {
      NereidClient client = NereidClient.connect(ClientOptions.of(server.target()));
      CountDownLatch closed = new CountDownLatch(1);

      var unused =
          client
              .infer(request())
              .thenRun(
                  () -> {
                    client.close();
                    closed.countDown();
                  });

      assertThat(closed.await(30, TimeUnit.SECONDS)).isTrue();
      client.close();
    }
  }

  private static String malformed(byte[] answer, ResponseData responseData) throws Exception {
    try (TestServer server =
            TestServer.ofBytes(
                (request, observer) -> {
                  observer.onNext(answer);
                  observer.onCompleted();
                });
        NereidClient client = NereidClient.connect(ClientOptions.of(server.target()))) {
      EndOfCall end = new EndOfCall();
      client.send(client.prepare(request()), LONG, responseData, end);
      InferenceFailure failure = end.failure();
      assertThat(failure.code()).isEqualTo(Status.Code.INTERNAL);
      assertThat(end.ends()).isEqualTo(1);
      return failure.text();
    }
  }

  private static InferRequest request() {
    return InferRequest.to("echo").input(InferInput.ofInts("x", new long[] {1}, 1)).build();
  }

  /** Never answers. */
  private static final class SilentService extends EchoService {
    private final CountDownLatch arrived = new CountDownLatch(1);
    private final CountDownLatch cancelled = new CountDownLatch(1);

    @Override
    public void modelInfer(ModelInferRequest request, StreamObserver<ModelInferResponse> observer) {
      ((ServerCallStreamObserver<ModelInferResponse>) observer)
          .setOnCancelHandler(cancelled::countDown);
      arrived.countDown();
    }

    void awaitArrival() throws InterruptedException {
      assertThat(arrived.await(30, TimeUnit.SECONDS)).isTrue();
    }

    void awaitCancellation() throws InterruptedException {
      assertThat(cancelled.await(30, TimeUnit.SECONDS)).isTrue();
    }
  }
}
