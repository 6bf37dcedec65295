package dev.nereid.server.endpoint.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.util.concurrent.ListenableFuture;
import dev.nereid.protocol.GRPCInferenceServiceGrpc;
import dev.nereid.protocol.GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub;
import dev.nereid.protocol.ModelInferRequest;
import dev.nereid.protocol.ModelInferResponse;
import dev.nereid.protocol.ModelReadyRequest;
import dev.nereid.server.metrics.StatisticsSnapshot;
import dev.nereid.server.repository.ModelFolders;
import dev.nereid.server.scheduling.Scheduler;
import dev.nereid.tensor.RawTensors;
import io.grpc.CallOptions;
import io.grpc.Compressor;
import io.grpc.CompressorRegistry;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Calls that end otherwise than with an answer. Whatever they held is given back, which closing the
 * {@link TestEndpoint} checks, and the next request is answered.
 */
@SuppressWarnings("NullAway.Init") // JUnit fills these before each test.
class CallEndsTest {

  @TempDir Path models;
  private final Hold hold = new Hold();
  private TestEndpoint server;

  @BeforeEach
  void serve() throws IOException {
    new ModelFolders(models)
        .config(
            "held",
            TestEndpoint.identity(
                "TYPE_INT32",
                0,
                "parameters { key: \"execute_delay_ms\" value { string_value: \"1\" } }"),
            "1")
        .config(
            "narrow",
            TestEndpoint.identity(
                "TYPE_INT32",
                4,
                """
                dynamic_batching {
                  default_queue_policy {
                    max_queue_size: 1
                    default_timeout_microseconds: 60000000
                    allow_timeout_override: true
                  }
                }
                parameters { key: "execute_delay_ms" value { string_value: "1" } }
                """),
            "1")
        .config("free", TestEndpoint.identity("TYPE_INT32", 0, ""), "1");
    server = TestEndpoint.serve(models, hold);
  }

  @AfterEach
  void stop() {
    hold.release();
    server.close();
  }

  private static ModelInferRequest request(String model) {
    return Requests.one(model, "INT32", RawTensors.ofInts(1, 2, 3), 3);
  }

  private static ModelInferRequest narrow() {
    return Requests.one("narrow", "INT32", RawTensors.ofInts(1, 2, 3), 1, 3);
  }

  private Scheduler scheduler(String model) throws Exception {
    return server.repository().resolve(model, 0).scheduler();
  }

  private StatisticsSnapshot statistics(String model) throws Exception {
    return server.repository().resolve(model, 0).statistics().snapshot();
  }

  private void nextRequestIsAnswered() {
    assertThat(server.stub().modelInfer(request("free")).getRawOutputContents(0))
        .isEqualTo(Requests.ints(1, 2, 3));
  }

  private static Status.Code code(ListenableFuture<?> call) throws Exception {
    try {
      call.get(30, TimeUnit.SECONDS);
      return Status.Code.OK;
    } catch (ExecutionException e) {
      return Status.fromThrowable(e.getCause()).getCode();
    }
  }

  @Test
  void aRequestThatIsCancelledInTheQueueIsNeverRun() throws Exception {
    ListenableFuture<ModelInferResponse> running = server.futures().modelInfer(request("held"));
    hold.awaitBatch();
    ListenableFuture<ModelInferResponse> queued = server.futures().modelInfer(request("held"));
    Scheduler scheduler = scheduler("held");
    Hold.until(() -> scheduler.queuedRequests() == 1);

    queued.cancel(true);

    Hold.until(() -> scheduler.queuedRequests() == 0);
    hold.release();
    assertThat(running.get(30, TimeUnit.SECONDS).getRawOutputContentsCount()).isEqualTo(1);
    assertThat(statistics("held").executionCount()).isEqualTo(1);
    assertThat(statistics("held").fail().count()).isEqualTo(1);
  }

  @Test
  void theAnswerOfARequestThatIsCancelledWhileItRunsIsThrownAway() throws Exception {
    ListenableFuture<ModelInferResponse> running = server.futures().modelInfer(request("held"));
    hold.awaitBatch();

    running.cancel(true);
    nextRequestIsAnswered();

    hold.release();
    Hold.until(() -> server.memory().usedBytes() == 0);
  }

  @Test
  void aDeadlineThatPassesInTheQueueTakesTheRequestOut() throws Exception {
    ListenableFuture<ModelInferResponse> running = server.futures().modelInfer(request("held"));
    hold.awaitBatch();

    ListenableFuture<ModelInferResponse> late =
        server.futures().withDeadlineAfter(50, TimeUnit.MILLISECONDS).modelInfer(request("held"));

    assertThat(code(late)).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
    Scheduler scheduler = scheduler("held");
    Hold.until(() -> scheduler.queuedRequests() == 0);
    hold.release();
    assertThat(code(running)).isEqualTo(Status.Code.OK);
    assertThat(statistics("held").executionCount()).isEqualTo(1);
  }

  @Test
  void aFullQueueRefusesAndATimeoutExpiresWithTritonsTexts() throws Exception {
    ListenableFuture<ModelInferResponse> running = server.futures().modelInfer(narrow());
    hold.awaitBatch();
    ListenableFuture<ModelInferResponse> queued =
        server
            .futures()
            .modelInfer(
                narrow().toBuilder().putParameters("timeout", Requests.parameter(1000L)).build());
    Scheduler scheduler = scheduler("narrow");
    Hold.until(() -> scheduler.queuedRequests() == 1 || queued.isDone());

    assertThatThrownBy(() -> queued.get(30, TimeUnit.SECONDS))
        .cause()
        .hasMessage("UNAVAILABLE: Request timeout expired");

    ListenableFuture<ModelInferResponse> waits = server.futures().modelInfer(narrow());
    Hold.until(() -> scheduler.queuedRequests() == 1);
    assertThatThrownBy(() -> server.stub().modelInfer(narrow()))
        .hasMessage("UNAVAILABLE: [request id: <id_unknown>] Exceeds maximum queue size");
    hold.release();
    assertThat(code(running)).isEqualTo(Status.Code.OK);
    assertThat(code(waits)).isEqualTo(Status.Code.OK);
  }

  @Test
  void clientsThatVanishInTheMiddleOfAMessageLeaveNothingBehind() throws Exception {
    byte[] half = new byte[500];
    for (int i = 0; i < 20; i++) {
      try (RawConnection client = new RawConnection(server.port())) {
        client.begin(1);
        client.message(1, 1000, half, false);
        client.begin(3);
        client.message(3, Integer.MAX_VALUE, half, false);
        client.begin(5);
      }
    }
    nextRequestIsAnswered();
  }

  @Test
  void clientsThatVanishBeforeTheirAnswerLeaveNothingBehind() throws Exception {
    byte[] message = request("held").toByteArray();
    try (RawConnection client = new RawConnection(server.port())) {
      client.begin(1);
      client.message(1, message.length, message, true);
      hold.awaitBatch();
      // One waits in the queue, one has come whole but for the end of its stream.
      client.begin(3);
      client.message(3, message.length, message, true);
      client.begin(5);
      client.message(5, message.length, message, false);
      Scheduler scheduler = scheduler("held");
      Hold.until(() -> scheduler.queuedRequests() == 1);
    }
    Scheduler scheduler = scheduler("held");
    Hold.until(() -> scheduler.queuedRequests() == 0);
    hold.release();
    nextRequestIsAnswered();
    Hold.until(() -> server.memory().usedBytes() == 0);
    assertThat(statistics("held").executionCount()).isEqualTo(1);
  }

  @Test
  void aStreamThatIsResetAfterItsMessageLeavesNothingBehind() throws Exception {
    byte[] message = request("free").toByteArray();
    try (RawConnection client = new RawConnection(server.port())) {
      for (int stream = 1; stream < 100; stream += 2) {
        client.begin(stream);
        client.message(stream, message.length, message, false);
        client.cancel(stream);
      }
    }
    nextRequestIsAnswered();
    Hold.until(() -> server.memory().usedBytes() == 0);
  }

  @Test
  void requestsThatAreNoneAreToldSo() {
    assertThatThrownBy(() -> send(new byte[] {-1, -1, -1, -1}))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> {
              assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.INTERNAL);
              assertThat(e.getStatus().getDescription()).isEqualTo("Unable to parse request");
            });
    assertThatThrownBy(() -> send(new byte[0]))
        .hasMessage("NOT_FOUND: Request for unknown model: '' is not found");
    // A tensor that claims 2 GiB.
    assertThatThrownBy(() -> send(new byte[] {0x3a, -1, -1, -1, -1, 7, 1}))
        .hasMessage("INTERNAL: Unable to parse request");
    nextRequestIsAnswered();
  }

  @Test
  void compressedRequestsThatAreNoneAreToldSo() {
    assertThatThrownBy(
            () ->
                ClientCalls.blockingUnaryCall(
                    server.channel(),
                    bytesMethod(),
                    CallOptions.DEFAULT.withCompression("gzip"),
                    new byte[] {-1, -1, -1, -1}))
        .hasMessage("INTERNAL: Unable to parse request");
    nextRequestIsAnswered();
  }

  @Test
  void controlRequestsThatAreNoneAreToldSoToo() {
    for (String method :
        new String[] {
          "inference.GRPCInferenceService/ServerLive",
          "inference.GRPCInferenceService/ModelReady",
          "inference.GRPCInferenceService/ModelStatistics",
          "inference.GRPCInferenceService/RepositoryModelLoad",
          "grpc.health.v1.Health/Check"
        }) {
      assertThatThrownBy(() -> send(method, new byte[] {-1, -1, -1, -1}))
          .as(method)
          .hasMessage("INTERNAL: Unable to parse request");
    }
    nextRequestIsAnswered();
  }

  @Test
  void controlRequestsAreBounded() {
    assertThatThrownBy(
            () ->
                send(
                    "inference.GRPCInferenceService/ModelReady",
                    new byte[GuardedMethod.MAX_REQUEST_BYTES + 1]))
        .hasMessage(
            "RESOURCE_EXHAUSTED: bytes of a request: more than 4194304 (expected: at most"
                + " 4194304)");
    nextRequestIsAnswered();
  }

  @Test
  void requestsThatSayTheyAreCompressedAndAreNotAreToldSo() throws Exception {
    CompressorRegistry liars = CompressorRegistry.newEmptyInstance();
    for (String codec : new String[] {"gzip", "deflate"}) {
      liars.register(new Liar(codec));
    }
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", server.port())
            .usePlaintext()
            .compressorRegistry(liars)
            .build();
    for (String codec : new String[] {"gzip", "deflate"}) {
      GRPCInferenceServiceBlockingStub stub =
          GRPCInferenceServiceGrpc.newBlockingStub(channel)
              .withCompression(codec)
              .withDeadlineAfter(30, TimeUnit.SECONDS);
      assertThatThrownBy(() -> stub.modelInfer(request("free")))
          .as(codec)
          .hasMessageStartingWith("INTERNAL: Unable to parse request: ");
      assertThatThrownBy(
              () -> stub.modelReady(ModelReadyRequest.newBuilder().setName("free").build()))
          .as(codec)
          .hasMessageStartingWith("INTERNAL: Unable to parse request: ");
    }
    channel.shutdownNow();
    assertThat(channel.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    nextRequestIsAnswered();
  }

  /** Says that it compresses, and does not. */
  private record Liar(String codec) implements Compressor {

    @Override
    public String getMessageEncoding() {
      return codec;
    }

    @Override
    public OutputStream compress(OutputStream target) {
      return target;
    }
  }

  @Test
  void aCallWithoutAMessageIsNoHarm() throws Exception {
    try (RawConnection client = new RawConnection(server.port())) {
      client.begin(1);
      client.end(1);
      byte[] message = request("free").toByteArray();
      client.begin(3);
      client.message(3, message.length, message, false);
      client.message(3, message.length, message, true);
      nextRequestIsAnswered();
    }
    Hold.until(() -> server.memory().usedBytes() == 0);
  }

  @Test
  void anUnknownMethodOrServiceIsUnimplemented() {
    for (String method : new String[] {"inference.GRPCInferenceService/Nope", "foo.Bar/Baz"}) {
      assertThatThrownBy(() -> send(method, new byte[0]))
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNIMPLEMENTED));
    }
  }

  private byte[] send(String method, byte[] message) {
    return ClientCalls.blockingUnaryCall(
        server.channel(),
        bytesMethod().toBuilder().setFullMethodName(method).build(),
        CallOptions.DEFAULT,
        message);
  }

  private byte[] send(byte[] message) {
    return ClientCalls.blockingUnaryCall(
        server.channel(), bytesMethod(), CallOptions.DEFAULT, message);
  }

  private static MethodDescriptor<byte[], byte[]> bytesMethod() {
    Marshaller<byte[]> bytes =
        new Marshaller<>() {
          @Override
          public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
          }

          @Override
          public byte[] parse(InputStream stream) {
            try {
              return stream.readAllBytes();
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }
        };
    return GRPCInferenceServiceGrpc.getModelInferMethod().toBuilder(bytes, bytes).build();
  }
}
