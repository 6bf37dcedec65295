package dev.nereid.server.metrics;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP port of the metrics page, on an event loop of its own: a slow scrape must not hold up
 * inference.
 */
public final class MetricsService implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(MetricsService.class);

  /** A connection that asks for nothing this long is closed; Prometheus asks every 15 s. */
  private static final long IDLE_SECONDS = 120;

  private final EventLoopGroup loop;
  private final Channel channel;

  private MetricsService(EventLoopGroup loop, Channel channel) {
    this.loop = loop;
    this.channel = channel;
  }

  /**
   * Opens the port.
   *
   * @param address port 0 for any that is free
   * @param page makes the text anew for each request, on the event loop: must not block
   * @throws IOException if the port cannot be had
   */
  public static MetricsService open(InetSocketAddress address, Supplier<String> page)
      throws IOException {
    EventLoopGroup loop =
        new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("metrics", true), NioIoHandler.newFactory());
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(loop)
            .channel(NioServerSocketChannel.class)
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
      stop(loop);
      throw new IOException(failure.toString(), failure);
    }
    MetricsService service = new MetricsService(loop, bound.channel());
    log.info(
        "Started Metrics Service at {}:{}", address.getHostString(), service.address().getPort());
    return service;
  }

  /** Where it listens. */
  public InetSocketAddress address() {
    return (InetSocketAddress) channel.localAddress();
  }

  /** Runs a task on the event loop now and then; it must not block for long, nor throw. */
  public void every(Duration interval, Runnable task) {
    var unused =
        loop.scheduleAtFixedRate(
            task, interval.toNanos(), interval.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Closes the port and every connection. */
  @Override
  public void close() {
    channel.close().awaitUninterruptibly();
    stop(loop);
  }

  private static void stop(EventLoopGroup loop) {
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }
}
