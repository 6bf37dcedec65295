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
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;

/** Keeps a number of requests of one image in flight against a server. */
final class ClosedLoop {

  private static final Duration DEADLINE = Duration.ofMinutes(1);

  private final String target;
  private final String model;
  private final int batch;
  private final int concurrency;

  /**
   * @param batch images that are answered together
   */
  ClosedLoop(String target, String model, int batch, int concurrency) {
    this.target = target;
    this.model = model;
    this.batch = batch;
    this.concurrency = concurrency;
  }

  /**
   * Runs for that long; images a second, counted from the end of the first batch's answers to the
   * end of the last whole batch's within the time: neither the filling nor the draining counts, nor
   * a batch at one end without the time that it took.
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
      Run run = new Run(client, request, System.nanoTime() + nanos, batch, concurrency);
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
    private final int batch;
    private final CountDownLatch open;
    private final Queue<Long> answeredNanos = new ConcurrentLinkedQueue<>();
    private final AtomicReference<InferenceFailure> failure = new AtomicReference<>();

    Run(NereidClient client, PreparedRequest request, long endNanos, int batch, int concurrency) {
      this.client = client;
      this.request = request;
      this.endNanos = endNanos;
      this.batch = batch;
      this.open = new CountDownLatch(concurrency);
    }

    void send() {
      client.send(request, DEADLINE, this);
    }

    @Override
    public void onResult(InferResult result) {
      long now = System.nanoTime();
      if (now >= endNanos) {
        open.countDown();
        return;
      }
      answeredNanos.add(now);
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
      List<Long> answers = answeredNanos.stream().sorted().toList();
      int first = batch - 1;
      int last = answers.size() / batch * batch - 1;
      if (last <= first) {
        throw new IllegalStateException(
            answers.size() + " answers (expected: at least two batches of " + batch + ")");
      }
      return (last - first) * 1e9 / (answers.get(last) - answers.get(first));
    }
  }
}
