package dev.nereid.client;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** An inference as a future; cancelling it cancels the call. */
final class InferFuture extends CompletableFuture<InferResult> implements InferCallback {

  private @Nullable InFlight inFlight;

  /** Once, before anybody else has this future. */
  void sentAs(InFlight call) {
    inFlight = call;
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    boolean cancelled = super.cancel(mayInterruptIfRunning);
    if (inFlight != null) {
      inFlight.cancel();
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
