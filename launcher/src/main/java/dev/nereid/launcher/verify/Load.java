package dev.nereid.launcher.verify;

import dev.nereid.client.InferRequest;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Keeps so many requests of one picture in flight until it is closed. */
final class Load implements AutoCloseable {

  private static final Duration DEADLINE = Duration.ofSeconds(30);

  private final ServedModels served;
  private final InferRequest request;
  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicInteger answered = new AtomicInteger();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private volatile boolean closing;

  Load(ServedModels served, String model, int requests) throws CheckFailure {
    this.served = served;
    request = InferRequest.to(model).input(Pictures.rows(served.metadata(model), 0, 1)).build();
    inFlight.set(requests);
    for (int i = 0; i < requests; i++) {
      send();
    }
  }

  private void send() {
    CompletableFuture<@Nullable Void> unused =
        served.client().infer(request, DEADLINE).handle((result, thrown) -> answered(thrown));
  }

  private @Nullable Void answered(@Nullable Throwable thrown) {
    if (thrown != null) {
      failure.compareAndSet(null, thrown);
    } else {
      answered.incrementAndGet();
    }
    if (!closing && failure.get() == null) {
      send();
    } else if (inFlight.decrementAndGet() == 0) {
      ended.complete(null);
    }
    return null;
  }

  /** Up to now. */
  int answered() {
    return answered.get();
  }

  /**
   * @throws CheckFailure with the first failure, if there was one
   */
  void check() throws CheckFailure {
    @Nullable Throwable thrown = failure.get();
    if (thrown != null) {
      throw new CheckFailure("a request failed: " + thrown);
    }
  }

  /** Waits until the last request is answered. */
  @Override
  public void close() {
    closing = true;
    ended.join();
  }
}
