package dev.nereid.server.endpoint.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.protocol.GRPCInferenceServiceGrpc;
import dev.nereid.protocol.ModelInferRequest;
import dev.nereid.protocol.ModelInferResponse;
import dev.nereid.protocol.ServerLiveRequest;
import dev.nereid.server.memory.SharedRegions;
import dev.nereid.server.memory.TensorMemory;
import dev.nereid.server.repository.ModelFolders;
import dev.nereid.tensor.RawTensors;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.Compressor;
import io.grpc.CompressorRegistry;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The endpoint's ports, certificates, bounds and compression. */
@SuppressWarnings("NullAway.Init") // JUnit fills these before each test.
class TransportTest {

  @TempDir Path directory;
  private Path models;

  @BeforeEach
  void writeModels() throws IOException {
    models = Files.createDirectory(directory.resolve("models"));
    new ModelFolders(models).config("identity", TestEndpoint.identity("TYPE_FP32", 0, ""), "1");
  }

  @Test
  void aPortThatIsTakenIsSaidByNameAndNothingStaysOpen() throws IOException {
    try (ServerSocket other = new ServerSocket(0)) {
      GrpcEndpointOptions taken =
          GrpcEndpointOptions.defaults().withAddress("0.0.0.0", other.getLocalPort());

      assertThatThrownBy(() -> start(taken))
          .isInstanceOf(IOException.class)
          .hasMessageStartingWith(
              "--grpc-port: "
                  + other.getLocalPort()
                  + " at --grpc-address 0.0.0.0 (expected: a port that is free): ")
          .hasMessageContaining("Address already in use");
    }
  }

  @Test
  void portZeroIsOneThatIsFree() throws IOException {
    try (TestEndpoint one = TestEndpoint.serve(models);
        TestEndpoint other = TestEndpoint.serve(models)) {
      assertThat(one.port()).isPositive().isNotEqualTo(other.port());
    }
  }

  private static TestEndpoint start(Path models, GrpcEndpointOptions options) throws IOException {
    return TestEndpoint.serve(models, options, duration -> {});
  }

  private GrpcEndpoint start(GrpcEndpointOptions options) throws IOException {
    try (TestEndpoint lookup = TestEndpoint.serve(models)) {
      return GrpcEndpoint.start(
          options,
          new ServerIdentity("nereid", "0.1.0"),
          lookup.repository(),
          new TensorMemory(1 << 20),
          SharedRegions.disallowed());
    }
  }

  @Test
  void aCertificateThatIsNotThereIsSaidByName() {
    GrpcEndpointOptions.Tls tls =
        new GrpcEndpointOptions.Tls(
            directory.resolve("none.pem"), directory.resolve("none.key"), null, false);

    assertThatThrownBy(() -> start(TestEndpoint.options().withTls(tls)))
        .hasMessage(
            "--grpc-server-cert: "
                + directory.resolve("none.pem")
                + " (expected: a file that can be read)");
  }

  @Test
  void aCertificateThatIsNoneIsSaidByName() throws IOException {
    Path garbage = Files.writeString(directory.resolve("garbage.pem"), "not a certificate");
    GrpcEndpointOptions.Tls tls = new GrpcEndpointOptions.Tls(garbage, garbage, null, false);

    assertThatThrownBy(() -> start(TestEndpoint.options().withTls(tls)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("(expected: PEM files of a certificate chain");
  }

  private static X509Bundle authority() throws Exception {
    return new CertificateBuilder()
        .subject("CN=Nereid's tests")
        .setIsCertificateAuthority(true)
        .buildSelfSigned();
  }

  private static X509Bundle issued(X509Bundle root, String name) throws Exception {
    return new CertificateBuilder().subject("CN=" + name).addSanDnsName(name).buildIssuedBy(root);
  }

  private Path write(String name, String pem) throws IOException {
    return Files.writeString(directory.resolve(name), pem);
  }

  private GrpcEndpointOptions.Tls tls(X509Bundle root, boolean mutual) throws Exception {
    X509Bundle server = issued(root, "localhost");
    return new GrpcEndpointOptions.Tls(
        write("server.pem", server.getCertificatePathPEM()),
        write("server.key", server.getPrivateKeyPEM()),
        write("root.pem", root.getCertificatePEM()),
        mutual);
  }

  private static boolean live(int port, SslContextBuilder ssl) throws Exception {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", port)
            .overrideAuthority("localhost")
            .sslContext(GrpcSslContexts.configure(ssl).build())
            .build();
    try {
      return GRPCInferenceServiceGrpc.newBlockingStub(channel)
          .withDeadlineAfter(30, TimeUnit.SECONDS)
          .serverLive(ServerLiveRequest.getDefaultInstance())
          .getLive();
    } finally {
      channel.shutdownNow();
      assertThat(channel.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void overTlsTheServerProvesItself() throws Exception {
    X509Bundle root = authority();
    try (TestEndpoint server = start(models, TestEndpoint.options().withTls(tls(root, false)))) {
      assertThat(
              live(
                  server.port(), SslContextBuilder.forClient().trustManager(root.getCertificate())))
          .isTrue();
    }
  }

  @Test
  void overMutualTlsClientsProveThemselvesToo() throws Exception {
    X509Bundle root = authority();
    X509Bundle user = issued(root, "user");
    try (TestEndpoint server = start(models, TestEndpoint.options().withTls(tls(root, true)))) {
      assertThat(
              live(
                  server.port(),
                  SslContextBuilder.forClient()
                      .trustManager(root.getCertificate())
                      .keyManager(user.getKeyPair().getPrivate(), user.getCertificatePath())))
          .isTrue();
      assertThatThrownBy(
              () ->
                  live(
                      server.port(),
                      SslContextBuilder.forClient().trustManager(root.getCertificate())))
          .hasMessageContaining("UNAVAILABLE");
    }
  }

  @Test
  void aMessageOverTheBoundIsRefused() throws IOException {
    try (TestEndpoint server = start(models, TestEndpoint.options().withMaxMessageBytes(1000))) {
      assertThatThrownBy(
              () ->
                  server
                      .stub()
                      .modelInfer(
                          Requests.one("identity", "FP32", ByteBuffer.allocate(4000), 1000)))
          .hasMessageContaining("RESOURCE_EXHAUSTED");
      assertThatThrownBy(
              () ->
                  server
                      .stub()
                      .withCompression("gzip")
                      .modelInfer(
                          Requests.one("identity", "FP32", ByteBuffer.allocate(4000), 1000)))
          .hasMessageContaining("RESOURCE_EXHAUSTED");
    }
  }

  @Test
  void whoDoesNotReadAnswersIsNotGivenTheMemoryOfOthers() throws Exception {
    int elements = 1 << 19;
    ModelInferRequest image =
        Requests.one("identity", "FP32", ByteBuffer.allocate(4 * elements), elements);
    GrpcEndpointOptions options = TestEndpoint.options().withMaxMessageBytes(3 << 20);
    try (TestEndpoint server = start(models, options)) {
      ManagedChannel idle =
          NettyChannelBuilder.forAddress("127.0.0.1", server.port())
              .usePlaintext()
              .flowControlWindow(NettyChannelBuilder.DEFAULT_FLOW_CONTROL_WINDOW)
              .build();
      ClientCall<ModelInferRequest, ModelInferResponse> unread =
          idle.newCall(GRPCInferenceServiceGrpc.getModelInferMethod(), CallOptions.DEFAULT);
      CountDownLatch answered = new CountDownLatch(1);
      CompletableFuture<Status> end = new CompletableFuture<>();
      unread.start(
          new ClientCall.Listener<>() {
            @Override
            public void onHeaders(Metadata headers) {
              answered.countDown();
            }

            @Override
            public void onClose(Status status, Metadata trailers) {
              end.complete(status);
            }
          },
          new Metadata());
      unread.sendMessage(image);
      unread.halfClose();

      assertThat(answered.await(30, TimeUnit.SECONDS)).isTrue();

      assertThat(refusal(server, image)).startsWith("RESOURCE_EXHAUSTED: answer: ");
      unread.request(2);
      assertThat(end.get(30, TimeUnit.SECONDS).isOk()).isTrue();
      Hold.until(() -> refusal(server, image).isEmpty());
      idle.shutdownNow();
    }
  }

  private static String refusal(TestEndpoint server, ModelInferRequest request) {
    try {
      server.stub().modelInfer(request);
      return "";
    } catch (StatusRuntimeException e) {
      return String.valueOf(e.getMessage());
    }
  }

  @Test
  void tensorsOverTheMemorysBoundAreRefused() throws IOException {
    try (TestEndpoint server = TestEndpoint.serve(models, new TensorMemory(10_000))) {
      assertThatThrownBy(
              () ->
                  server
                      .stub()
                      .modelInfer(
                          Requests.one("identity", "FP32", ByteBuffer.allocate(40_000), 10_000)))
          .hasMessageStartingWith("RESOURCE_EXHAUSTED: tensor memory: ");
      assertThat(
              server
                  .stub()
                  .modelInfer(Requests.one("identity", "FP32", RawTensors.ofFloats(1), 1))
                  .getOutputsCount())
          .isEqualTo(1);
    }
  }

  @ParameterizedTest
  @EnumSource(ResponseCompression.class)
  void responsesAreCompressedAsAskedFor(ResponseCompression compression) throws IOException {
    try (TestEndpoint server = start(models, TestEndpoint.options().withCompression(compression))) {
      EncodingSeen encoding = new EncodingSeen();

      ModelInferResponse answer =
          server
              .stub()
              .withInterceptors(encoding)
              .modelInfer(Requests.one("identity", "FP32", ByteBuffer.allocate(40_000), 10_000));

      assertThat(answer.getRawOutputContents(0).size()).isEqualTo(40_000);
      assertThat(encoding.seen.get())
          .isEqualTo(compression == ResponseCompression.NONE ? "identity" : "gzip");
    }
  }

  /** Notes how the response was encoded. */
  private static final class EncodingSeen implements ClientInterceptor {

    private static final Metadata.Key<String> ENCODING =
        Metadata.Key.of("grpc-encoding", Metadata.ASCII_STRING_MARSHALLER);

    final AtomicReference<String> seen = new AtomicReference<>("identity");

    @Override
    public <Q, P> ClientCall<Q, P> interceptCall(
        MethodDescriptor<Q, P> method, CallOptions options, Channel next) {
      return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
        @Override
        public void start(Listener<P> listener, Metadata headers) {
          super.start(
              new SimpleForwardingClientCallListener<>(listener) {
                @Override
                public void onHeaders(Metadata responseHeaders) {
                  String encoding = responseHeaders.get(ENCODING);
                  seen.set(encoding == null ? "identity" : encoding);
                  super.onHeaders(responseHeaders);
                }
              },
              headers);
        }
      };
    }
  }

  @Test
  void deflatedRequestsAreUnderstood() throws Exception {
    CompressorRegistry codecs = CompressorRegistry.newEmptyInstance();
    codecs.register(new Deflated());
    try (TestEndpoint server = TestEndpoint.serve(models)) {
      ManagedChannel channel =
          NettyChannelBuilder.forAddress("127.0.0.1", server.port())
              .usePlaintext()
              .compressorRegistry(codecs)
              .build();
      assertThat(
              GRPCInferenceServiceGrpc.newBlockingStub(channel)
                  .withCompression("deflate")
                  .withDeadlineAfter(30, TimeUnit.SECONDS)
                  .modelInfer(Requests.one("identity", "FP32", RawTensors.ofFloats(1, 2), 2))
                  .getRawOutputContents(0))
          .isEqualTo(Requests.bytes(RawTensors.ofFloats(1, 2)));
      channel.shutdownNow();
      assertThat(channel.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  /** The codec that C++ and Python clients call deflate. */
  private static final class Deflated implements Compressor {

    @Override
    public String getMessageEncoding() {
      return "deflate";
    }

    @Override
    public OutputStream compress(OutputStream target) {
      return new DeflaterOutputStream(target);
    }
  }

  @Test
  void aClientThatPingsTooOftenIsSentAway() throws IOException {
    try (TestEndpoint server = TestEndpoint.serve(models);
        RawConnection client = new RawConnection(server.port())) {
      // None more than it takes, lest the last be lost where the server hangs up.
      for (int i = 0; i < 3; i++) {
        client.ping();
      }

      assertThat(client.readToEnd()).contains("too_many_pings");
    }
  }

  @Test
  void connectionsThatAreTooOldAreClosedBetweenCalls() throws IOException {
    GrpcEndpointOptions aging =
        new GrpcEndpointOptions(
            "127.0.0.1",
            0,
            true,
            null,
            GrpcEndpointOptions.KeepAlive.defaults(),
            new GrpcEndpointOptions.ConnectionAge(Duration.ofMillis(1), Duration.ofSeconds(5)),
            ResponseCompression.NONE,
            1,
            1 << 20,
            1 << 20,
            10);
    try (TestEndpoint server = start(models, aging)) {
      for (int i = 0; i < 50; i++) {
        assertThat(
                server
                    .stub()
                    .withWaitForReady()
                    .serverLive(ServerLiveRequest.getDefaultInstance())
                    .getLive())
            .isTrue();
      }
    }
  }
}
