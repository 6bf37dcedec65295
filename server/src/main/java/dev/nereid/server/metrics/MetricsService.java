package dev.nereid.server.metrics;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.timeout.IdleStateHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** The HTTP port of the metrics page. Runs on the caller's event loops, which it does not stop. */
public final class MetricsService implements AutoCloseable {

  /** A connection that asks for nothing this long is closed; Prometheus asks every 15 s. */
  private static final long IDLE_SECONDS = 120;

  private final Channel channel;

  private MetricsService(Channel channel) {
    this.channel = channel;
  }

  /**
   * Opens the port.
   *
   * @param address port 0 for any that is free
   * @param page makes the text anew for each request, on an event loop: must not block
   * @throws IOException if the port cannot be had
   */
  public static MetricsService open(
      InetSocketAddress address,
      EventLoopGroup loops,
      Class<? extends ServerChannel> channelType,
      Supplier<String> page)
      throws IOException {
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(loops)
            .channel(channelType)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel connection) {
                    connection
                        .pipeline()
                        .addLast(new IdleStateHandler(0, 0, IDLE_SECONDS, TimeUnit.SECONDS))
                        .addLast(new HttpServerCodec())
                        .addLast(new MetricsHandler(page));
                  }
                });
    var bound = bootstrap.bind(address).awaitUninterruptibly();
    Throwable failure = bound.cause();
    if (failure != null) {
      throw new IOException(String.valueOf(failure.getMessage()), failure);
    }
    return new MetricsService(bound.channel());
  }

  /** Where it listens. */
  public InetSocketAddress address() {
    return (InetSocketAddress) channel.localAddress();
  }

  /** Closes the port; connections end with their event loop. */
  @Override
  public void close() {
    channel.close().awaitUninterruptibly();
  }
}
