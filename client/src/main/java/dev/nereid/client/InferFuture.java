package dev.nereid.client;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** An inference as a future; cancelling it cancels the call. */
final class InferFuture extends CompletableFuture<InferResult> implements InferCallback {

  private volatile @Nullable InFlight inFlight;

  void sentAs(InFlight call) {
    inFlight = call;
    if (isCancelled()) {
      call.cancel();
    }
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    boolean cancelled = super.cancel(mayInterruptIfRunning);
    InFlight call = inFlight;
    if (call != null) {
      call.cancel();
    }
    return cancelled;
  }

  @Override
  public void onResult(InferResult result) {
    complete(result);
  }

  @Override
  public void onFailure(InferenceFailure failure) {
    completeExceptionally(failure);
  }
}
