package dev.nereid.server.scheduling;

import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.InferenceResponse;
import dev.nereid.server.inference.ResponseObserver;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.inference.Tensor;
import dev.nereid.server.scheduling.Scheduler.Cancellation;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One request that a test has sent, and what became of it. */
final class Sent implements ResponseObserver {

  final int number;
  final int rows;
  private final ManualClock clock;
  private final List<Sent> ended;
  private final long sentNanos;
  private long endedNanos;
  int timesEnded;
  @Nullable List<Output> outputs;
  @Nullable InferenceException failure;
  @Nullable Cancellation cancellation;
  Runnable whenEnded = () -> {};

  /** An output's shape and its elements as INT32. */
  record Output(String name, List<Long> shape, List<Integer> values) {}

  Sent(int number, int rows, ManualClock clock, List<Sent> ended) {
    this.number = number;
    this.rows = rows;
    this.clock = clock;
    this.ended = ended;
    sentNanos = clock.nanoTime();
  }

  @Override
  public void completed(InferenceResponse response) {
    List<Output> read = new ArrayList<>();
    for (Tensor tensor : response.outputs()) {
      List<Long> shape = new ArrayList<>();
      for (long dimension : tensor.shape()) {
        shape.add(dimension);
      }
      List<Integer> values = new ArrayList<>();
      var ints = tensor.data().nioBuffer().order(ByteOrder.LITTLE_ENDIAN).asIntBuffer();
      while (ints.hasRemaining()) {
        values.add(ints.get());
      }
      read.add(new Output(tensor.name(), shape, values));
    }
    response.release();
    outputs = read;
    end();
  }

  @Override
  public void failed(InferenceException reason) {
    failure = reason;
    end();
  }

  private void end() {
    timesEnded++;
    endedNanos = clock.nanoTime();
    ended.add(this);
    whenEnded.run();
  }

  void cancel() {
    if (cancellation == null) {
      throw new IllegalStateException("request " + number + " was refused");
    }
    cancellation.cancel();
  }

  boolean isAnswered() {
    return outputs != null;
  }

  boolean isOpen() {
    return timesEnded == 0;
  }

  /** From sent to ended. */
  Duration latency() {
    if (isOpen()) {
      throw new IllegalStateException("request " + number + " is open");
    }
    return Duration.ofNanos(endedNanos - sentNanos);
  }

  /** Since it was sent. */
  Duration age() {
    return Duration.ofNanos(clock.nanoTime() - sentNanos);
  }

  /** Whether it is served, cancelled or expired, told or not. */
  boolean hasLeftQueue() {
    return cancellation instanceof QueuedRequest queued && queued.list == null;
  }

  @Nullable StatusCode code() {
    return failure == null ? null : failure.code();
  }

  @Nullable String text() {
    return failure == null ? null : failure.text();
  }

  @Override
  public String toString() {
    String outcome = isOpen() ? "open" : failure == null ? "answered" : "failed: " + failure.text();
    return "request " + number + " of " + rows + " rows, " + outcome;
  }
}
