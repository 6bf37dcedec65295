package dev.nereid.client;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a client reaches its servers.
 *
 * @param targets {@code host:port}, or any gRPC name such as {@code dns:///host:port}; calls take
 *     turns over all of them
 * @param connections HTTP/2 connections to each target; calls take turns over them. One connection
 *     is one thread's work at either end.
 * @param roundRobin whether each connection is one to every address that the target's name has,
 *     with calls taking turns; otherwise to the first address that answers. For a headless
 *     Kubernetes Service.
 * @param deadline of each call that names none; {@link #NO_DEADLINE} for none
 * @param tls null for plain text
 * @param headers sent with every call, such as the secret of a restricted protocol; keys in lower
 *     case
 * @param maxMessageBytes the largest response to accept; a larger one fails with RESOURCE_EXHAUSTED
 * @param flowControlWindowBytes what a server may send ahead, on a call and on a connection.
 *     Tensors are larger than HTTP/2's 64 KiB, which would stop them for a round trip every few
 *     frames.
 * @param keepalive null for no pings
 * @param eventLoopThreads 0 for one for each connection, at most one for each processor
 */
public record ClientOptions(
    List<String> targets,
    int connections,
    boolean roundRobin,
    Duration deadline,
    @Nullable Tls tls,
    Map<String, String> headers,
    int maxMessageBytes,
    int flowControlWindowBytes,
    @Nullable Keepalive keepalive,
    int eventLoopThreads) {

  /** Longer than any call. */
  public static final Duration NO_DEADLINE = Duration.ofNanos(Long.MAX_VALUE);

  private static final Duration DEADLINE = Duration.ofSeconds(60);
  private static final int FLOW_CONTROL_WINDOW_BYTES = 16 * 1024 * 1024;
  private static final int SMALLEST_WINDOW_BYTES = 65_535;

  public ClientOptions {
    targets = List.copyOf(targets);
    headers = Map.copyOf(headers);
    if (targets.isEmpty() || targets.contains("")) {
      throw new IllegalArgumentException("targets: " + targets + " (expected: one or more)");
    }
    require(connections >= 1, "connections", connections, ">= 1");
    requirePositive("deadline", deadline);
    require(maxMessageBytes >= 1, "maxMessageBytes", maxMessageBytes, ">= 1");
    require(
        flowControlWindowBytes >= SMALLEST_WINDOW_BYTES,
        "flowControlWindowBytes",
        flowControlWindowBytes,
        ">= " + SMALLEST_WINDOW_BYTES);
    require(eventLoopThreads >= 0, "eventLoopThreads", eventLoopThreads, ">= 0");
  }

  /** One plain-text connection to each target, a deadline of a minute, messages up to 2 GiB. */
  public static ClientOptions of(String... targets) {
    return new ClientOptions(
        List.of(targets),
        1,
        false,
        DEADLINE,
        null,
        Map.of(),
        Integer.MAX_VALUE,
        FLOW_CONTROL_WINDOW_BYTES,
        null,
        0);
  }

  /** The same with that many connections to each target. */
  public ClientOptions withConnections(int connections) {
    return new ClientOptions(
        targets,
        connections,
        roundRobin,
        deadline,
        tls,
        headers,
        maxMessageBytes,
        flowControlWindowBytes,
        keepalive,
        eventLoopThreads);
  }

  /** The same, taking turns over all addresses of a name. */
  public ClientOptions withRoundRobin() {
    return new ClientOptions(
        targets,
        connections,
        true,
        deadline,
        tls,
        headers,
        maxMessageBytes,
        flowControlWindowBytes,
        keepalive,
        eventLoopThreads);
  }

  /** The same with another default deadline. */
  public ClientOptions withDeadline(Duration deadline) {
    return new ClientOptions(
        targets,
        connections,
        roundRobin,
        deadline,
        tls,
        headers,
        maxMessageBytes,
        flowControlWindowBytes,
        keepalive,
        eventLoopThreads);
  }

  /** The same over TLS. */
  public ClientOptions withTls(Tls tls) {
    return new ClientOptions(
        targets,
        connections,
        roundRobin,
        deadline,
        tls,
        headers,
        maxMessageBytes,
        flowControlWindowBytes,
        keepalive,
        eventLoopThreads);
  }

  /** The same with these headers on every call, in place of those before. */
  public ClientOptions withHeaders(Map<String, String> headers) {
    return new ClientOptions(
        targets,
        connections,
        roundRobin,
        deadline,
        tls,
        headers,
        maxMessageBytes,
        flowControlWindowBytes,
        keepalive,
        eventLoopThreads);
  }

  /** The same with another limit on responses. */
  public ClientOptions withMaxMessageBytes(int maxMessageBytes) {
    return new ClientOptions(
        targets,
        connections,
        roundRobin,
        deadline,
        tls,
        headers,
        maxMessageBytes,
        flowControlWindowBytes,
        keepalive,
        eventLoopThreads);
  }

  /** The same with another window. */
  public ClientOptions withFlowControlWindowBytes(int flowControlWindowBytes) {
    return new ClientOptions(
        targets,
        connections,
        roundRobin,
        deadline,
        tls,
        headers,
        maxMessageBytes,
        flowControlWindowBytes,
        keepalive,
        eventLoopThreads);
  }

  /** The same with pings. */
  public ClientOptions withKeepalive(Keepalive keepalive) {
    return new ClientOptions(
        targets,
        connections,
        roundRobin,
        deadline,
        tls,
        headers,
        maxMessageBytes,
        flowControlWindowBytes,
        keepalive,
        eventLoopThreads);
  }

  /** The same with that many threads. */
  public ClientOptions withEventLoopThreads(int eventLoopThreads) {
    return new ClientOptions(
        targets,
        connections,
        roundRobin,
        deadline,
        tls,
        headers,
        maxMessageBytes,
        flowControlWindowBytes,
        keepalive,
        eventLoopThreads);
  }

  static void requirePositive(String name, Duration duration) {
    require(duration.compareTo(Duration.ZERO) > 0, name, duration, "> 0");
  }

  private static void require(boolean holds, String name, Object value, String rule) {
    if (!holds) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: " + rule + ")");
    }
  }
}
