package dev.nereid.microbench;

import dev.nereid.client.ClientOptions;
import dev.nereid.client.InferCallback;
import dev.nereid.client.InferInput;
import dev.nereid.client.InferRequest;
import dev.nereid.client.InferResult;
import dev.nereid.client.InferenceFailure;
import dev.nereid.client.NereidClient;
import dev.nereid.client.PreparedRequest;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/** Keeps a number of requests of one image in flight against a server. */
final class ClosedLoop {

  private static final Duration DEADLINE = Duration.ofMinutes(1);

  private final String target;
  private final String model;
  private final int concurrency;

  ClosedLoop(String target, String model, int concurrency) {
    this.target = target;
    this.model = model;
    this.concurrency = concurrency;
  }

  /**
   * Runs for that long; images a second, counted between the first answer and the last one within
   * the time, so that neither the filling nor the draining counts.
   *
   * @throws IllegalStateException if any request failed
   */
  double imagesPerSecond(long nanos) throws InterruptedException {
    try (NereidClient client = NereidClient.connect(ClientOptions.of(target))) {
      PreparedRequest request =
          client.prepare(
              InferRequest.to(model)
                  .input(
                      InferInput.ofFloats(
                          "input", new long[] {1, 224, 224, 3}, new float[224 * 224 * 3]))
                  .build());
      Run run = new Run(client, request, System.nanoTime() + nanos, concurrency);
      for (int i = 0; i < concurrency; i++) {
        run.send();
      }
      return run.await();
    }
  }

  private static final class Run implements InferCallback {
    private final NereidClient client;
    private final PreparedRequest request;
    private final long endNanos;
    private final CountDownLatch open;
    private final AtomicLong answered = new AtomicLong();
    private final AtomicLong firstNanos = new AtomicLong();
    private final AtomicLong lastNanos = new AtomicLong();
    private final AtomicReference<InferenceFailure> failure = new AtomicReference<>();

    Run(NereidClient client, PreparedRequest request, long endNanos, int concurrency) {
      this.client = client;
      this.request = request;
      this.endNanos = endNanos;
      this.open = new CountDownLatch(concurrency);
    }

    void send() {
      client.send(request, DEADLINE, this);
    }

    @Override
    public void onResult(InferResult result) {
      long now = System.nanoTime();
      firstNanos.compareAndSet(0, now);
      if (now >= endNanos) {
        open.countDown();
        return;
      }
      answered.incrementAndGet();
      lastNanos.accumulateAndGet(now, Math::max);
      send();
    }

    @Override
    public void onFailure(InferenceFailure reason) {
      failure.compareAndSet(null, reason);
      open.countDown();
    }

    double await() throws InterruptedException {
      open.await();
      InferenceFailure reason = failure.get();
      if (reason != null) {
        throw new IllegalStateException(reason.getMessage());
      }
      return (answered.get() - 1) * 1e9 / (lastNanos.get() - firstNanos.get());
    }
  }
}
