package dev.nereid.client;

import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * A client's own threads: epoll where the machine has it, NIO elsewhere.
 *
 * @param channelType the sockets that these threads serve
 */
record EventLoops(EventLoopGroup group, Class<? extends Channel> channelType) {

  /** Daemons, so that a client nobody closed does not keep a process alive. */
  static EventLoops start(int threads) {
    boolean epoll = Epoll.isAvailable();
    IoHandlerFactory handlers = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    EventLoopGroup group =
        new MultiThreadIoEventLoopGroup(
            threads, new DefaultThreadFactory("nereid-client", true), handlers);
    return new EventLoops(group, epoll ? EpollSocketChannel.class : NioSocketChannel.class);
  }

  /** Whether the current thread is one of these, which must not wait for its own end. */
  boolean isCurrentThread() {
    for (EventExecutor loop : group) {
      if (loop.inEventLoop()) {
        return true;
      }
    }
    return false;
  }

  /** Ends the threads once what they have been given is done; waits for that at most so long. */
  void stop(Duration patience) throws InterruptedException {
    var stopped = group.shutdownGracefully(0, patience.toMillis(), TimeUnit.MILLISECONDS);
    if (!isCurrentThread()) {
      boolean inTime = stopped.await(patience.toMillis());
      if (!inTime) {
        throw new IllegalStateException("event loops: still running after " + patience);
      }
    }
  }
}
