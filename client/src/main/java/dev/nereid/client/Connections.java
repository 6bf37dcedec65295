package dev.nereid.client;

import io.grpc.ManagedChannel;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Builds gRPC's channels, each with a connection of its own, or one to each address of its name.
 */
final class Connections {

  /** Of one connection, framed and not yet taken by the system. */
  private static final int UNSENT_BYTES = 2 << 20;

  /** Error texts of servers travel as headers; 8 KiB, gRPC's default, cuts long ones to nothing. */
  private static final int MAX_HEADERS_BYTES = 64 * 1024;

  private Connections() {}

  /** Ordered so that neighbours lead to different targets. Starts connecting, does not wait. */
  static List<ManagedChannel> open(ClientOptions options, EventLoops eventLoops) {
    SslContext sslContext = sslContext(options.tls());
    List<ManagedChannel> channels = new ArrayList<>();
    try {
      for (int i = 0; i < options.connections(); i++) {
        for (String target : options.targets()) {
          channels.add(open(target, options, eventLoops, sslContext));
        }
      }
    } catch (RuntimeException e) {
      channels.forEach(ManagedChannel::shutdownNow);
      throw e;
    }
    channels.forEach(channel -> channel.getState(true));
    return List.copyOf(channels);
  }

  private static ManagedChannel open(
      String target,
      ClientOptions options,
      EventLoops eventLoops,
      @Nullable SslContext sslContext) {
    NettyChannelBuilder builder =
        NettyChannelBuilder.forTarget(target)
            .eventLoopGroup(eventLoops.group())
            .channelType(eventLoops.channelType())
            // Responses are read and callbacks called where the bytes arrive: no hop between
            // threads.
            .directExecutor()
            .defaultLoadBalancingPolicy(options.roundRobin() ? "round_robin" : "pick_first")
            // What a connection sends at once. At Netty's 64 KB an image takes ten system calls.
            .withOption(
                ChannelOption.WRITE_BUFFER_WATER_MARK,
                new WriteBufferWaterMark(UNSENT_BYTES / 2, UNSENT_BYTES))
            .flowControlWindow(options.flowControlWindowBytes())
            .maxInboundMessageSize(options.maxMessageBytes())
            .maxInboundMetadataSize(MAX_HEADERS_BYTES)
            // An inference is sent once: a second try would hide a failure and double the load.
            .disableRetry();
    if (sslContext == null) {
      builder.usePlaintext();
    } else {
      builder.sslContext(sslContext);
    }
    if (options.tls() != null && options.tls().authorityOverride() != null) {
      builder.overrideAuthority(options.tls().authorityOverride());
    }
    if (options.keepalive() != null) {
      builder
          .keepAliveTime(options.keepalive().time().toNanos(), TimeUnit.NANOSECONDS)
          .keepAliveTimeout(options.keepalive().timeout().toNanos(), TimeUnit.NANOSECONDS)
          .keepAliveWithoutCalls(options.keepalive().withoutCalls());
    }
    return builder.build();
  }

  private static @Nullable SslContext sslContext(@Nullable Tls tls) {
    if (tls == null) {
      return null;
    }
    SslContextBuilder builder = GrpcSslContexts.forClient();
    try {
      if (tls.rootCertificates() != null) {
        builder.trustManager(tls.rootCertificates().toFile());
      }
      if (tls.clientCertificate() != null && tls.clientKey() != null) {
        builder.keyManager(tls.clientCertificate().toFile(), tls.clientKey().toFile());
      }
      return builder.build();
    } catch (IllegalArgumentException | SSLException e) {
      throw new IllegalArgumentException(
          "tls: " + tls + " (expected: readable PEM files): " + e.getMessage(), e);
    }
  }
}
