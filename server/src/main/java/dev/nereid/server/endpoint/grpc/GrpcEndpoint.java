package dev.nereid.server.endpoint.grpc;

import dev.nereid.server.endpoint.ModelVersions;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.memory.SharedRegions;
import dev.nereid.server.memory.TensorMemory;
import dev.nereid.server.memory.TensorSource;
import dev.nereid.server.repository.ModelLookup;
import io.grpc.Codec;
import io.grpc.DecompressorRegistry;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.unix.UnixChannelOption;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The gRPC endpoint, listening: {@code inference.GRPCInferenceService} and {@code grpc.health.v1}.
 *
 * <p>Every call is handled on its connection's event loop, where nothing blocks. Thread-safe.
 *
 * <p>Stopping has two steps: {@link #drain} makes the server not ready while it still answers, so
 * that clients and load balancers go elsewhere; {@link #shutdown} lets what runs finish.
 */
public final class GrpcEndpoint {

  private static final Logger LOG = LoggerFactory.getLogger(GrpcEndpoint.class);

  private static final int BACKLOG = 1024;

  /** Of one connection, framed and not yet taken by the system. */
  private static final int UNSENT_BYTES = 2 << 20;

  private static final Duration HEALTH_INTERVAL = Duration.ofMillis(500);
  private static final Duration LOOPS_END = Duration.ofSeconds(2);

  private final GrpcEndpointOptions options;
  private final Server server;
  private final EventLoops loops;
  private final HealthService health;
  private final ScheduledFuture<?> healthTicks;
  private final Draining draining;

  private GrpcEndpoint(
      GrpcEndpointOptions options,
      Server server,
      EventLoops loops,
      HealthService health,
      ScheduledFuture<?> healthTicks,
      Draining draining) {
    this.options = options;
    this.server = server;
    this.loops = loops;
    this.health = health;
    this.healthTicks = healthTicks;
    this.draining = draining;
  }

  /**
   * Starts to listen.
   *
   * @param memory where requests' tensors are put
   * @param regions where clients may have them; closed after this endpoint is shut down
   * @throws IOException if the port is taken, or a TLS file is not to be read
   */
  public static GrpcEndpoint start(
      GrpcEndpointOptions options,
      ServerIdentity identity,
      ModelLookup models,
      TensorMemory memory,
      SharedRegions regions)
      throws IOException {
    EventLoops loops = EventLoops.start(options.eventLoopThreads());
    try {
      Draining draining = new Draining();
      HealthService health = new HealthService(models, draining);
      NettyServerBuilder builder = transport(options, loops);
      builder.addService(
          Services.of(
              new ControlService(identity, models, regions, draining),
              new InferHandler(
                  models,
                  memory,
                  regions,
                  new UnsentAnswers(options.maxMessageBytes()),
                  draining,
                  loops,
                  options.compression()),
              new InferCallMarshaller(memory, model -> memoryOf(models, model, memory))));
      builder.addService(Services.of(health));
      Server server = builder.build();
      listen(server, options);
      long millis = HEALTH_INTERVAL.toMillis();
      ScheduledFuture<?> healthTicks =
          loops
              .group()
              .next()
              .scheduleWithFixedDelay(health::refresh, millis, millis, TimeUnit.MILLISECONDS);
      GrpcEndpoint endpoint =
          new GrpcEndpoint(options, server, loops, health, healthTicks, draining);
      LOG.info(
          "Started GRPCInferenceService at {}:{} ({})",
          options.address(),
          endpoint.port(),
          loops.isEpoll() ? "epoll" : "NIO");
      return endpoint;
    } catch (IOException | RuntimeException e) {
      endQuietly(loops);
      throw e;
    }
  }

  /** Where it listens, also where the options left that open. */
  public int port() {
    return server.getPort();
  }

  /** How it was started. */
  public GrpcEndpointOptions options() {
    return options;
  }

  /**
   * From here on the server is not ready, and new inference is refused with Triton's text. What was
   * accepted goes on. Does not wait; does nothing the second time.
   */
  public void drain() {
    draining.start();
    health.drain();
  }

  /**
   * Stops: drains, tells clients to go, waits for the calls that run, then ends the threads. The
   * schedulers must still be running. Blocks.
   *
   * @param atMost how long calls may take; those that take longer are cancelled
   * @return whether none had to be, and the threads ended
   */
  public boolean shutdown(Duration atMost) throws InterruptedException {
    drain();
    healthTicks.cancel(false);
    server.shutdown();
    boolean finished = server.awaitTermination(atMost.toNanos(), TimeUnit.NANOSECONDS);
    if (!finished) {
      server.shutdownNow();
      server.awaitTermination(LOOPS_END.toNanos(), TimeUnit.NANOSECONDS);
    }
    return loops.close(LOOPS_END) && finished;
  }

  /**
   * Where a request's tensors go; which of a model's versions it is for is not known that early.
   */
  private static TensorSource memoryOf(ModelLookup models, String model, TensorMemory otherwise) {
    try {
      return models.resolve(model, ModelVersions.LATEST).memory();
    } catch (InferenceException notThere) {
      return otherwise;
    }
  }

  private static NettyServerBuilder transport(GrpcEndpointOptions options, EventLoops loops)
      throws IOException {
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(new InetSocketAddress(options.address(), options.port()))
            .channelType(loops.channelType())
            .bossEventLoopGroup(loops.group())
            .workerEventLoopGroup(loops.group())
            .directExecutor()
            .withOption(ChannelOption.SO_BACKLOG, BACKLOG)
            // Not gRPC's own: its chunks of 2 MiB hold three images, so they empty between any two
            // requests, and each time are given back to the system, asked for again and zeroed.
            .withChildOption(ChannelOption.ALLOCATOR, ByteBufAllocator.DEFAULT)
            // Large reads: a frame that two of them share is copied by Netty.
            .withChildOption(
                ChannelOption.RECVBUF_ALLOCATOR,
                new AdaptiveRecvByteBufAllocator(1 << 10, 16 << 10, 256 << 10))
            // A connection sends up to here at once. At Netty's 64 KB an image takes ten system
            // calls.
            .withChildOption(
                ChannelOption.WRITE_BUFFER_WATER_MARK,
                new WriteBufferWaterMark(UNSENT_BYTES / 2, UNSENT_BYTES))
            .flowControlWindow(options.flowControlWindowBytes())
            .maxInboundMessageSize(options.maxMessageBytes())
            .maxConcurrentCallsPerConnection(options.maxConcurrentCallsPerConnection())
            .compressorRegistry(options.compression().registry())
            .decompressorRegistry(
                DecompressorRegistry.emptyInstance()
                    .with(Codec.Identity.NONE, false)
                    .with(new Gunzip(), true)
                    .with(new Deflate(), true));
    if (options.reusePort()) {
      if (!loops.isEpoll()) {
        throw new IOException("--reuse-grpc-port: true (expected: false where there is no epoll)");
      }
      builder.withOption(UnixChannelOption.SO_REUSEPORT, true);
    }
    GrpcEndpointOptions.Tls tls = options.tls();
    if (tls != null) {
      builder.sslContext(TlsFiles.context(tls));
    }
    return aging(builder, options);
  }

  private static NettyServerBuilder aging(NettyServerBuilder builder, GrpcEndpointOptions options) {
    GrpcEndpointOptions.KeepAlive keepAlive = options.keepAlive();
    builder
        .keepAliveTime(keepAlive.time().toMillis(), TimeUnit.MILLISECONDS)
        .keepAliveTimeout(keepAlive.timeout().toMillis(), TimeUnit.MILLISECONDS)
        .permitKeepAliveTime(keepAlive.minReceiveInterval().toMillis(), TimeUnit.MILLISECONDS)
        .permitKeepAliveWithoutCalls(keepAlive.permitWithoutCalls());
    Duration age = options.connectionAge().limit();
    if (age != null) {
      builder.maxConnectionAge(age.toMillis(), TimeUnit.MILLISECONDS);
    }
    Duration grace = options.connectionAge().grace();
    if (grace != null) {
      builder.maxConnectionAgeGrace(grace.toMillis(), TimeUnit.MILLISECONDS);
    }
    return builder;
  }

  private static void listen(Server server, GrpcEndpointOptions options) throws IOException {
    try {
      server.start();
    } catch (IOException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new IOException(
          "--grpc-port: "
              + options.port()
              + " at --grpc-address "
              + options.address()
              + " (expected: a port that is free): "
              + (cause.getMessage() == null ? cause : cause.getMessage()),
          e);
    }
  }

  private static void endQuietly(EventLoops loops) {
    try {
      if (!loops.close(LOOPS_END)) {
        LOG.warn("the event loops of an endpoint that could not start have not ended yet");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
