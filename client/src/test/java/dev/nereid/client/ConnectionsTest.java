package dev.nereid.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.NameResolverRegistry;
import io.grpc.Status;
import io.grpc.StatusOr;
import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ways to one server and to several. */
class ConnectionsTest {

  private final Path directory;

  ConnectionsTest(@TempDir Path directory) {
    this.directory = directory;
  }

  @Test
  void callsTakeTurnsOverConnections() throws Exception {
    try (TestServer server = TestServer.of(new EchoService());
        NereidClient client =
            NereidClient.connect(ClientOptions.of(server.target()).withConnections(3))) {

      infer(client, 9);

      assertThat(server.peers()).isEqualTo(3);
      assertThat(server.calls()).isEqualTo(9);
    }
  }

  @Test
  void everyConnectionStandsBeforeTheFirstCall() throws Exception {
    try (TestServer server = TestServer.of(new EchoService());
        NereidClient client =
            NereidClient.connect(ClientOptions.of(server.target()).withConnections(4))) {

      client.connected(Duration.ofSeconds(30)).get(30, TimeUnit.SECONDS);

      assertThat(server.awaitConnections(4)).isTrue();
      assertThat(server.calls()).isZero();
    }
  }

  @Test
  void aTargetThatIsNoNameIsRefusedAtOnce() {
    assertThatThrownBy(() -> NereidClient.connect(ClientOptions.of("127.0.0.1:1", "dns:///a:b:c")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Invalid DNS name: a:b:c");
  }

  @Test
  void callsTakeTurnsOverTargets() throws Exception {
    try (TestServer first = TestServer.of(new EchoService());
        TestServer second = TestServer.of(new EchoService());
        NereidClient client =
            NereidClient.connect(
                ClientOptions.of(first.target(), second.target()).withConnections(2))) {

      infer(client, 12);

      assertThat(first.calls()).isEqualTo(6);
      assertThat(second.calls()).isEqualTo(6);
      assertThat(first.peers()).isEqualTo(2);
      assertThat(second.peers()).isEqualTo(2);
    }
  }

  @Test
  void roundRobinTakesTurnsOverAllAddressesOfAName() throws Exception {
    try (TestServer first = TestServer.of(new EchoService());
        TestServer second = TestServer.of(new EchoService())) {
      FixedNames names = new FixedNames(List.of(first.port(), second.port()));
      NameResolverRegistry.getDefaultRegistry().register(names);
      try (NereidClient client =
          NereidClient.connect(ClientOptions.of("fixed:///servers").withRoundRobin())) {

        int calls = inferUntilBothWereCalled(client, first, second);
        infer(client, 10);

        assertThat(first.calls() + second.calls()).isEqualTo(calls + 10);
        assertThat(first.calls()).isGreaterThanOrEqualTo(5);
        assertThat(second.calls()).isGreaterThanOrEqualTo(5);
      } finally {
        NameResolverRegistry.getDefaultRegistry().deregister(names);
      }
    }
  }

  @Test
  void withoutRoundRobinOneAddressOfANameTakesAllCalls() throws Exception {
    try (TestServer first = TestServer.of(new EchoService());
        TestServer second = TestServer.of(new EchoService())) {
      FixedNames names = new FixedNames(List.of(first.port(), second.port()));
      NameResolverRegistry.getDefaultRegistry().register(names);
      try (NereidClient client = NereidClient.connect(ClientOptions.of("fixed:///servers"))) {

        infer(client, 10);

        assertThat(first.calls()).isEqualTo(10);
        assertThat(second.calls()).isZero();
      } finally {
        NameResolverRegistry.getDefaultRegistry().deregister(names);
      }
    }
  }

  @Test
  void aServerIsTrustedByItsRootCertificate() throws Exception {
    X509Bundle root = authority();
    try (TestServer server =
            TestServer.overTls(serverContext(certificate(root, "localhost")), new EchoService());
        NereidClient client =
            NereidClient.connect(
                ClientOptions.of("localhost:" + server.port())
                    .withTls(Tls.trusting(write("root.pem", root.getRootCertificatePEM()))))) {

      infer(client, 1);

      assertThat(server.calls()).isEqualTo(1);
    }
  }

  @Test
  void aServerOfAnotherAuthorityIsNotTrusted() throws Exception {
    X509Bundle root = authority();
    try (TestServer server =
            TestServer.overTls(serverContext(certificate(root, "localhost")), new EchoService());
        NereidClient client =
            NereidClient.connect(
                ClientOptions.of("localhost:" + server.port())
                    .withTls(
                        Tls.trusting(write("other.pem", authority().getRootCertificatePEM()))))) {

      assertThat(EndOfCall.failureOf(client.serverLive()).code())
          .isEqualTo(Status.Code.UNAVAILABLE);
      assertThat(server.calls()).isZero();
    }
  }

  @Test
  void theNameInTheCertificateMustBeTheTargetsOrTheOneGiven() throws Exception {
    X509Bundle root = authority();
    Path trusted = write("root.pem", root.getRootCertificatePEM());
    try (TestServer server =
        TestServer.overTls(
            serverContext(certificate(root, "triton.example.com")), new EchoService())) {
      ClientOptions options = ClientOptions.of("localhost:" + server.port());

      try (NereidClient client = NereidClient.connect(options.withTls(Tls.trusting(trusted)))) {
        assertThat(EndOfCall.failureOf(client.serverLive()).code())
            .isEqualTo(Status.Code.UNAVAILABLE);
      }
      try (NereidClient client =
          NereidClient.connect(
              options.withTls(new Tls(trusted, null, null, "triton.example.com")))) {
        infer(client, 1);
      }
    }
  }

  @Test
  void aServerThatAsksForACertificateGetsOurs() throws Exception {
    X509Bundle root = authority();
    X509Bundle server = certificate(root, "localhost");
    X509Bundle user = certificate(root, "user");
    SslContext demanding =
        GrpcSslContexts.configure(
                SslContextBuilder.forServer(
                    server.getKeyPair().getPrivate(), server.getCertificatePath()))
            .trustManager(root.getCertificate())
            .clientAuth(ClientAuth.REQUIRE)
            .build();
    Path trusted = write("root.pem", root.getRootCertificatePEM());
    Path certificate = write("user.pem", user.getCertificatePathPEM());
    Path key = write("user.key", user.getPrivateKeyPEM());
    try (TestServer testServer = TestServer.overTls(demanding, new EchoService())) {
      ClientOptions options = ClientOptions.of("localhost:" + testServer.port());

      try (NereidClient client =
          NereidClient.connect(options.withTls(new Tls(trusted, certificate, key, null)))) {
        infer(client, 1);
      }
      try (NereidClient client = NereidClient.connect(options.withTls(Tls.trusting(trusted)))) {
        assertThat(EndOfCall.failureOf(client.serverLive()).code())
            .isEqualTo(Status.Code.UNAVAILABLE);
      }
      assertThat(testServer.calls()).isEqualTo(1);
    }
  }

  @Test
  void aCertificateFileThatIsNoneIsRefusedAtOnce() throws Exception {
    Path garbage = write("garbage.pem", "no certificate");

    assertThatThrownBy(
            () ->
                NereidClient.connect(
                    ClientOptions.of("localhost:1").withTls(Tls.trusting(garbage))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("garbage.pem")
        .hasMessageContaining("(expected: readable PEM files)");
  }

  @Test
  void pingsAndWindowsAreTakenByAServer() throws Exception {
    try (TestServer server = TestServer.of(new EchoService());
        NereidClient client =
            NereidClient.connect(
                ClientOptions.of(server.target())
                    .withKeepalive(
                        new Keepalive(Duration.ofMinutes(10), Duration.ofSeconds(20), true))
                    .withFlowControlWindowBytes(65_535)
                    .withEventLoopThreads(2))) {

      infer(client, 3);

      assertThat(server.calls()).isEqualTo(3);
    }
  }

  private static void infer(NereidClient client, int calls) throws Exception {
    InferRequest request =
        InferRequest.to("echo").input(InferInput.ofInts("x", new long[] {1}, 1)).build();
    for (int i = 0; i < calls; i++) {
      assertThat(client.infer(request).get(30, TimeUnit.SECONDS).output("x").ints())
          .containsExactly(1);
    }
  }

  /** The second connection may be ready later than the first; from then on turns are strict. */
  private static int inferUntilBothWereCalled(
      NereidClient client, TestServer first, TestServer second) throws Exception {
    int calls = 0;
    while (first.calls() == 0 || second.calls() == 0) {
      infer(client, 1);
      calls++;
    }
    return calls;
  }

  private static X509Bundle authority() throws Exception {
    return new CertificateBuilder()
        .subject("CN=Nereid's tests")
        .setIsCertificateAuthority(true)
        .buildSelfSigned();
  }

  private static X509Bundle certificate(X509Bundle authority, String name) throws Exception {
    return new CertificateBuilder()
        .subject("CN=" + name)
        .addSanDnsName(name)
        .buildIssuedBy(authority);
  }

  private static SslContext serverContext(X509Bundle certificate) throws Exception {
    return GrpcSslContexts.configure(
            SslContextBuilder.forServer(
                certificate.getKeyPair().getPrivate(), certificate.getCertificatePath()))
        .build();
  }

  private Path write(String name, String text) throws Exception {
    return Files.writeString(directory.resolve(name), text);
  }

  /** Every name of its scheme has the same addresses. */
  private static final class FixedNames extends NameResolverProvider {
    private final List<EquivalentAddressGroup> addresses;

    FixedNames(List<Integer> ports) {
      addresses =
          ports.stream()
              .map(
                  port ->
                      new EquivalentAddressGroup(
                          new InetSocketAddress(InetAddress.getLoopbackAddress(), port)))
              .toList();
    }

    @Override
    public NameResolver newNameResolver(URI target, NameResolver.Args args) {
      return new NameResolver() {
        @Override
        public String getServiceAuthority() {
          return "servers";
        }

        @Override
        public void start(Listener2 listener) {
          listener.onResult2(
              ResolutionResult.newBuilder()
                  .setAddressesOrError(StatusOr.fromValue(addresses))
                  .build());
        }

        @Override
        public void shutdown() {}
      };
    }

    @Override
    public String getDefaultScheme() {
      return "fixed";
    }

    @Override
    public Collection<Class<? extends SocketAddress>> getProducedSocketAddressTypes() {
      return Set.of(InetSocketAddress.class);
    }

    @Override
    protected boolean isAvailable() {
      return true;
    }

    @Override
    protected int priority() {
      return 5;
    }
  }
}
