package dev.nereid.client;

import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import java.util.concurrent.CompletableFuture;

/** Completes once a channel is READY, fails once it is shut down. */
final class ConnectedFuture extends CompletableFuture<Void> {

  private final ManagedChannel channel;

  private ConnectedFuture(ManagedChannel channel) {
    this.channel = channel;
  }

  static ConnectedFuture of(ManagedChannel channel) {
    ConnectedFuture future = new ConnectedFuture(channel);
    future.look();
    return future;
  }

  private void look() {
    ConnectivityState state = channel.getState(true);
    switch (state) {
      case READY -> complete(null);
      case SHUTDOWN -> completeExceptionally(new IllegalStateException("the client is closed"));
      case IDLE, CONNECTING, TRANSIENT_FAILURE -> channel.notifyWhenStateChanged(state, this::look);
    }
  }
}
