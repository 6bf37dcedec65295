package dev.nereid.server.endpoint.grpc;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How the gRPC endpoint listens. Names and defaults are those of Triton's flags where it has them.
 *
 * @param address {@code --grpc-address}
 * @param port {@code --grpc-port}; 0 for any that is free
 * @param reusePort {@code --reuse-grpc-port}
 * @param tls how it proves itself; null for plain text
 * @param keepAlive pings, its own and its clients'
 * @param connectionAge how long a connection may live
 * @param compression {@code --grpc-infer-response-compression-level}
 * @param eventLoopThreads that read, parse and write; Triton's {@code --grpc-infer-thread-count}
 * @param flowControlWindowBytes that a client may send ahead, for each connection and each call
 * @param maxMessageBytes of one request, decompressed; also of all answers together that clients
 *     have not read yet
 * @param maxConcurrentCallsPerConnection further ones wait at the client
 */
public record GrpcEndpointOptions(
    String address,
    int port,
    boolean reusePort,
    @Nullable Tls tls,
    KeepAlive keepAlive,
    ConnectionAge connectionAge,
    ResponseCompression compression,
    int eventLoopThreads,
    int flowControlWindowBytes,
    int maxMessageBytes,
    int maxConcurrentCallsPerConnection) {

  private static final int LARGEST_WINDOW_BYTES = 1 << 30;

  /** Triton's bound. */
  private static final int MAX_EVENT_LOOP_THREADS = 128;

  public GrpcEndpointOptions {
    check(port >= 0 && port <= 65535, "--grpc-port", port, "0..65535");
    check(
        eventLoopThreads >= 1 && eventLoopThreads <= MAX_EVENT_LOOP_THREADS,
        "--grpc-infer-thread-count",
        eventLoopThreads,
        "1.." + MAX_EVENT_LOOP_THREADS);
    check(
        flowControlWindowBytes >= 65_535 && flowControlWindowBytes <= LARGEST_WINDOW_BYTES,
        "flowControlWindowBytes",
        flowControlWindowBytes,
        "65535.." + LARGEST_WINDOW_BYTES);
    check(maxMessageBytes > 0, "maxMessageBytes", maxMessageBytes, "> 0");
    check(
        maxConcurrentCallsPerConnection > 0,
        "maxConcurrentCallsPerConnection",
        maxConcurrentCallsPerConnection,
        "> 0");
  }

  /**
   * Triton's 2 are for calls alone, besides threads that gRPC has for connections; ours also copy
   * every byte from the connections, so they grow with the machine.
   */
  static int eventLoopThreadsFor(int processors) {
    return Math.min(MAX_EVENT_LOOP_THREADS, Math.max(2, processors / 4));
  }

  /** What holds where no flag says otherwise. */
  public static GrpcEndpointOptions defaults() {
    return new GrpcEndpointOptions(
        "0.0.0.0",
        8001,
        false,
        null,
        KeepAlive.defaults(),
        ConnectionAge.UNLIMITED,
        ResponseCompression.NONE,
        eventLoopThreadsFor(Runtime.getRuntime().availableProcessors()),
        16 << 20,
        Integer.MAX_VALUE,
        1024);
  }

  /** The same elsewhere. */
  public GrpcEndpointOptions withAddress(String newAddress, int newPort) {
    return new GrpcEndpointOptions(
        newAddress,
        newPort,
        reusePort,
        tls,
        keepAlive,
        connectionAge,
        compression,
        eventLoopThreads,
        flowControlWindowBytes,
        maxMessageBytes,
        maxConcurrentCallsPerConnection);
  }

  /** The same over TLS, or in plain text for null. */
  public GrpcEndpointOptions withTls(@Nullable Tls newTls) {
    return new GrpcEndpointOptions(
        address,
        port,
        reusePort,
        newTls,
        keepAlive,
        connectionAge,
        compression,
        eventLoopThreads,
        flowControlWindowBytes,
        maxMessageBytes,
        maxConcurrentCallsPerConnection);
  }

  /** The same with another compression of responses. */
  public GrpcEndpointOptions withCompression(ResponseCompression newCompression) {
    return new GrpcEndpointOptions(
        address,
        port,
        reusePort,
        tls,
        keepAlive,
        connectionAge,
        newCompression,
        eventLoopThreads,
        flowControlWindowBytes,
        maxMessageBytes,
        maxConcurrentCallsPerConnection);
  }

  /** The same with another bound on requests. */
  public GrpcEndpointOptions withMaxMessageBytes(int newMaxMessageBytes) {
    return new GrpcEndpointOptions(
        address,
        port,
        reusePort,
        tls,
        keepAlive,
        connectionAge,
        compression,
        eventLoopThreads,
        flowControlWindowBytes,
        newMaxMessageBytes,
        maxConcurrentCallsPerConnection);
  }

  /**
   * {@code --grpc-use-ssl}.
   *
   * @param certificate {@code --grpc-server-cert}, PEM
   * @param key {@code --grpc-server-key}, PEM
   * @param root {@code --grpc-root-cert}, PEM: whom clients must be signed by; null for the
   *     system's, and of no effect unless {@code mutual}
   * @param mutual {@code --grpc-use-ssl-mutual}: whether clients must prove themselves too
   */
  public record Tls(Path certificate, Path key, @Nullable Path root, boolean mutual) {}

  /**
   * Pings.
   *
   * @param time {@code --grpc-keepalive-time}: an idle connection is pinged after that
   * @param timeout {@code --grpc-keepalive-timeout}: one that does not answer is closed after that
   * @param permitWithoutCalls {@code --grpc-keepalive-permit-without-calls}: whether clients may
   *     ping while they have no call
   * @param minReceiveInterval {@code --grpc-http2-min-recv-ping-interval-without-data}: clients
   *     that ping more often are sent away
   * @param maxPingsWithoutData {@code --grpc-http2-max-pings-without-data}: 2; this transport has
   *     no other value
   * @param maxPingStrikes {@code --grpc-http2-max-ping-strikes}: 2; this transport has no other
   *     value
   */
  public record KeepAlive(
      Duration time,
      Duration timeout,
      boolean permitWithoutCalls,
      Duration minReceiveInterval,
      int maxPingsWithoutData,
      int maxPingStrikes) {

    public KeepAlive {
      check(isPositive(time), "--grpc-keepalive-time", time, "> 0");
      check(isPositive(timeout), "--grpc-keepalive-timeout", timeout, "> 0");
      check(
          !minReceiveInterval.isNegative(),
          "--grpc-http2-min-recv-ping-interval-without-data",
          minReceiveInterval,
          ">= 0");
      check(
          maxPingsWithoutData == 2,
          "--grpc-http2-max-pings-without-data",
          maxPingsWithoutData,
          "2");
      check(maxPingStrikes == 2, "--grpc-http2-max-ping-strikes", maxPingStrikes, "2");
    }

    /** Triton's. */
    public static KeepAlive defaults() {
      return new KeepAlive(
          Duration.ofHours(2), Duration.ofSeconds(20), false, Duration.ofMinutes(5), 2, 2);
    }
  }

  /**
   * How long a connection may live, so that load balancers see clients again.
   *
   * @param limit {@code --grpc-max-connection-age}; null for ever
   * @param grace {@code --grpc-max-connection-age-grace}: what its calls get after that; null for
   *     as long as they take
   */
  public record ConnectionAge(@Nullable Duration limit, @Nullable Duration grace) {

    /** For ever. */
    public static final ConnectionAge UNLIMITED = new ConnectionAge(null, null);

    public ConnectionAge {
      check(limit == null || isPositive(limit), "--grpc-max-connection-age", limit, "> 0");
      check(grace == null || !grace.isNegative(), "--grpc-max-connection-age-grace", grace, ">= 0");
    }
  }

  private static boolean isPositive(Duration duration) {
    return !duration.isNegative() && !duration.isZero();
  }

  private static void check(boolean right, String name, @Nullable Object value, String expected) {
    if (!right) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: " + expected + ")");
    }
  }
}
