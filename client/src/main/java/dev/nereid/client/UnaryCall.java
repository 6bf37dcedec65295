package dev.nereid.client;

import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A control call, whose response is a generated message, as a future; cancelling it cancels the
 * call.
 */
final class UnaryCall<Q, R, T> extends CompletableFuture<T> {

  private final ClientCall<Q, R> call;
  private final Function<R, T> result;

  private UnaryCall(ClientCall<Q, R> call, Function<R, T> result) {
    this.call = call;
    this.result = result;
  }

  /** {@code result} says what of the response the future is for. */
  static <Q, R, T> CompletableFuture<T> start(
      ClientCall<Q, R> call, Q request, Metadata headers, Function<R, T> result) {
    UnaryCall<Q, R, T> future = new UnaryCall<>(call, result);
    call.start(future.new Listener(), headers);
    try {
      call.request(2);
      call.sendMessage(request);
      call.halfClose();
    } catch (RuntimeException e) {
      call.cancel("the request could not be sent", e);
    }
    return future;
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    boolean cancelled = super.cancel(mayInterruptIfRunning);
    call.cancel("cancelled by the client", null);
    return cancelled;
  }

  private final class Listener extends ClientCall.Listener<R> {
    private @Nullable R response;

    @Override
    public void onMessage(R message) {
      response = message;
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      if (!status.isOk()) {
        completeExceptionally(InferenceFailure.of(status));
      } else if (response == null) {
        completeExceptionally(
            new InferenceFailure(Status.Code.INTERNAL, "response: none (expected: one)", null));
      } else {
        complete(result.apply(response));
      }
    }
  }
}
