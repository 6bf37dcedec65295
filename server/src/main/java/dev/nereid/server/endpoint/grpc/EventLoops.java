package dev.nereid.server.endpoint.grpc;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads that read and write the endpoint's connections, named {@code grpc-io-0} and on: on
 * epoll where the machine has it, on NIO elsewhere. Thread-safe.
 */
final class EventLoops {

  private final EventLoopGroup group;
  private final boolean epoll;

  private EventLoops(EventLoopGroup group, boolean epoll) {
    this.group = group;
    this.epoll = epoll;
  }

  static EventLoops start(int threads) {
    boolean epoll = Epoll.isAvailable();
    IoHandlerFactory handlers = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    AtomicInteger next = new AtomicInteger();
    return new EventLoops(
        new MultiThreadIoEventLoopGroup(
            threads,
            task -> {
              Thread thread = new FastThreadLocalThread(task, "grpc-io-" + next.getAndIncrement());
              thread.setDaemon(true);
              return thread;
            },
            handlers),
        epoll);
  }

  EventLoopGroup group() {
    return group;
  }

  Class<? extends ServerChannel> channelType() {
    return epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
  }

  boolean isEpoll() {
    return epoll;
  }

  /** The loop that the caller runs on; any of them on another thread. */
  EventExecutor current() {
    for (EventExecutor loop : group) {
      if (loop.inEventLoop()) {
        return loop;
      }
    }
    return group.next();
  }

  /**
   * Ends the threads; what they were told to do before is done. Blocks.
   *
   * @return whether they ended in time
   */
  boolean close(Duration atMost) throws InterruptedException {
    long millis = atMost.toMillis();
    return group.shutdownGracefully(0, millis, TimeUnit.MILLISECONDS).await(millis);
  }
}
