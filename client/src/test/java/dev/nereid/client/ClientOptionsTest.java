package dev.nereid.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.epoll.EpollSocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class ClientOptionsTest {

  @Test
  void theDefaultsAreThese() {
    assertThat(ClientOptions.of("localhost:8001"))
        .isEqualTo(
            new ClientOptions(
                List.of("localhost:8001"),
                1,
                false,
                Duration.ofSeconds(60),
                null,
                Map.of(),
                2_147_483_647,
                16 * 1024 * 1024,
                null,
                0));
  }

  @Test
  void everyOptionCanBeSet() {
    Tls tls = Tls.ofJdkTrust();
    Keepalive keepalive = new Keepalive(Duration.ofMinutes(5), Duration.ofSeconds(1), false);

    ClientOptions options =
        ClientOptions.of("a:1", "b:2")
            .withConnections(4)
            .withRoundRobin()
            .withDeadline(Duration.ofSeconds(2))
            .withTls(tls)
            .withHeaders(Map.of("key", "value"))
            .withMaxMessageBytes(1 << 20)
            .withFlowControlWindowBytes(1 << 21)
            .withKeepalive(keepalive)
            .withEventLoopThreads(3);

    assertThat(options)
        .isEqualTo(
            new ClientOptions(
                List.of("a:1", "b:2"),
                4,
                true,
                Duration.ofSeconds(2),
                tls,
                Map.of("key", "value"),
                1 << 20,
                1 << 21,
                keepalive,
                3));
  }

  @Test
  void whatMakesNoSenseIsRefused() {
    ClientOptions options = ClientOptions.of("localhost:8001");

    refused(() -> ClientOptions.of(), "targets: [] (expected: one or more)");
    refused(() -> options.withConnections(0), "connections: 0 (expected: >= 1)");
    refused(() -> options.withDeadline(Duration.ZERO), "deadline: PT0S (expected: > 0)");
    refused(() -> options.withMaxMessageBytes(0), "maxMessageBytes: 0 (expected: >= 1)");
    refused(
        () -> options.withFlowControlWindowBytes(65_534),
        "flowControlWindowBytes: 65534 (expected: >= 65535)");
    refused(() -> options.withEventLoopThreads(-1), "eventLoopThreads: -1 (expected: >= 0)");
    refused(
        () -> new Keepalive(Duration.ZERO, Duration.ofSeconds(1), false),
        "time: PT0S (expected: > 0)");
    refused(
        () -> new Tls(null, Path.of("a.pem"), null, null),
        "clientKey: null (expected: given exactly if clientCertificate is)");
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, architectures = "amd64")
  void linuxServesItsSocketsByEpoll() throws InterruptedException {
    EventLoops loops = EventLoops.start(1);
    try {
      assertThat(loops.channelType()).isEqualTo(EpollSocketChannel.class);
    } finally {
      loops.stop(Duration.ofSeconds(10));
    }
  }

  private static void refused(Runnable action, String message) {
    assertThatThrownBy(action::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }
}
