package dev.nereid.client;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/** Waits for a call's end, and counts how many it had. */
final class EndOfCall implements InferCallback {

  private final CompletableFuture<InferResult> result = new CompletableFuture<>();
  private final AtomicInteger ends = new AtomicInteger();
  private volatile String thread = "";

  @Override
  public void onResult(InferResult value) {
    end();
    result.complete(value);
  }

  @Override
  public void onFailure(InferenceFailure failure) {
    end();
    result.completeExceptionally(failure);
  }

  InferResult result() throws Exception {
    return result.get(30, TimeUnit.SECONDS);
  }

  InferenceFailure failure() throws InterruptedException, TimeoutException {
    return failureOf(result);
  }

  /** How often a method of the callback was called. */
  int ends() {
    return ends.get();
  }

  String thread() {
    return thread;
  }

  static InferenceFailure failureOf(CompletableFuture<?> future)
      throws InterruptedException, TimeoutException {
    try {
      Object value = future.get(30, TimeUnit.SECONDS);
      throw new AssertionError("succeeded: " + value);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof InferenceFailure failure) {
        return failure;
      }
      throw new AssertionError("failed otherwise", e);
    }
  }

  private void end() {
    ends.incrementAndGet();
    thread = Thread.currentThread().getName();
  }
}
