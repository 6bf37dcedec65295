package dev.nereid.server.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.backend.TensorSpec;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.InferenceRequest;
import dev.nereid.server.inference.InferenceResponse;
import dev.nereid.server.inference.ResponseObserver;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.inference.Tensor;
import dev.nereid.server.memory.ModelMemory;
import dev.nereid.server.memory.TensorMemory;
import dev.nereid.server.metrics.ModelStatistics;
import dev.nereid.server.scheduling.Puppet.Config;
import dev.nereid.tensor.DataType;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What breaks of the server's own must cost no request its one answer, and end nothing unseen. */
class OwnDefectsTest {

  private final ManualClock time = new ManualClock();
  private final TensorMemory memory = new TensorMemory(1 << 20);
  private final List<String> faults = new ArrayList<>();

  /** Remembers how it was told. */
  private static final class Told implements ResponseObserver {
    final List<String> outcomes = new ArrayList<>();
    final CompletableFuture<InferenceException> failure = new CompletableFuture<>();

    @Override
    public void completed(InferenceResponse response) {
      response.release();
      outcomes.add("answered");
    }

    @Override
    public void failed(InferenceException reason) {
      outcomes.add(reason.code() + ": " + reason.text());
      failure.complete(reason);
    }
  }

  private ModelScheduler scheduler(Clock clock, LongSupplier epochMillis, int instances) {
    return new ModelScheduler(
        Config.dynamic().build(),
        1,
        List.of(new ModelOutput(new TensorSpec("OUTPUT", DataType.INT32, -1, -1))),
        Puppet.instances(instances, Puppet::echo),
        new ModelStatistics(epochMillis),
        new ModelMemory(memory, memory),
        clock,
        (name, reason, left) -> faults.add(name + ": " + reason + ", " + left + " left"));
  }

  private Tensor input() throws InferenceException {
    ByteBuf data = memory.allocate(4).writeIntLE(7);
    return new Tensor("INPUT", DataType.INT32, new long[] {1, 1}, data);
  }

  private static InferenceRequest request(Tensor input, ResponseObserver observer) {
    return new InferenceRequest(
        "",
        List.of(input),
        List.of(),
        1,
        0,
        0,
        InferenceRequest.NO_DEADLINE,
        0,
        Map.of(),
        Map.of(),
        observer);
  }

  /** One look at the queue by hand, and what is found there. */
  private static void run(InstanceWorker worker) {
    @Nullable RequestBatch batch = worker.pull();
    if (batch != null) {
      worker.execute(batch);
    }
  }

  @Test
  void anObserverThatBreaksKeepsNoOtherFromItsAnswer() {
    try (Puppet puppet = new Puppet(Config.dynamic().preserveOrdering().build())) {
      Sent first = puppet.queue(1);
      Sent second = puppet.queue(1);
      first.whenEnded =
          () -> {
            throw new AssertionError("an observer's own");
          };
      puppet.settle();
      Sent third = puppet.send(1);

      assertThat(second.isAnswered()).isTrue();
      assertThat(third.isAnswered()).isTrue();
    }
  }

  @Test
  void aBatchThatCannotBeCountedIsAnsweredAndItsInstanceRetires() throws InferenceException {
    ModelScheduler scheduler =
        scheduler(
            time,
            () -> {
              throw new IllegalStateException("no wall clock");
            },
            1);
    Told one = new Told();
    Told two = new Told();
    scheduler.enqueue(request(input(), one));
    scheduler.enqueue(request(input(), two));
    run(scheduler.workers().get(0));

    assertThat(one.outcomes).containsExactly("answered");
    assertThat(two.outcomes).containsExactly("answered");
    assertThat(scheduler.pendingRequests()).isZero();
    assertThat(memory.usedBytes()).isZero();
    assertThat(faults)
        .containsExactly("0_0: java.lang.IllegalStateException: no wall clock, 0 left");
    scheduler.close();
  }

  @Test
  void aRequestWhoseMemoryIsGoneFailsOnceAndItsInstanceRetires() throws InferenceException {
    ModelScheduler scheduler = scheduler(time, () -> 0, 2);
    Told told = new Told();
    Tensor input = input();
    scheduler.enqueue(request(input, told));
    input.data().release();
    run(scheduler.workers().get(0));

    assertThat(told.outcomes).hasSize(1);
    assertThat(told.outcomes.get(0)).startsWith("INTERNAL: ");
    assertThat(scheduler.pendingRequests()).isZero();
    assertThat(faults).hasSize(1);
    assertThat(faults.get(0)).startsWith("0_0: ").endsWith(", 1 left");
    scheduler.close();
  }

  @Test
  void aClockThatBreaksBetweenTheBackendAndTheAnswerLeavesNoRequestWithoutOne()
      throws InferenceException {
    BreakingClock clock = new BreakingClock("");
    ModelScheduler scheduler = scheduler(clock, () -> 0, 1);
    Told told = new Told();
    scheduler.enqueue(request(input(), told));
    InstanceWorker worker = scheduler.workers().get(0);
    @Nullable RequestBatch batch = worker.pull();
    // Once for the backend, once for the failure that comes of it.
    clock.breaks.set(2);
    worker.execute(Objects.requireNonNull(batch));

    assertThat(faults).containsExactly("0_0: java.lang.IllegalStateException: no clock, 0 left");
    assertThat(told.outcomes).hasSize(1);
    assertThat(told.outcomes.get(0)).startsWith("INTERNAL: ");
    assertThat(memory.usedBytes()).isZero();
    scheduler.close();
  }

  @Test
  void aRequestThatCannotEndCleanlyFailsNoOthersEnqueueing() throws InferenceException {
    ModelScheduler scheduler = scheduler(time, () -> 0, 1);
    Told expires = new Told();
    Tensor input = input();
    scheduler.enqueue(
        new InferenceRequest(
            "",
            List.of(input),
            List.of(),
            1,
            0,
            0,
            time.nanoTime() + 1,
            0,
            Map.of(),
            Map.of(),
            expires));
    input.data().release();
    time.jumpTo(time.nanoTime() + 2);
    Told next = new Told();
    scheduler.enqueue(request(input(), next));
    run(scheduler.workers().get(0));

    assertThat(expires.outcomes).hasSize(1);
    assertThat(expires.outcomes.get(0)).startsWith("DEADLINE_EXCEEDED: ");
    assertThat(next.outcomes).containsExactly("answered");
    assertThat(faults).isEmpty();
    assertThat(memory.usedBytes()).isZero();
    scheduler.close();
  }

  @Test
  void anInstanceThatCannotLookAtTheQueueRetiresAndWhatWaitsIsTold() throws Exception {
    BreakingClock clock = new BreakingClock("m-1-0_0");
    clock.breaks.set(1);
    ModelScheduler scheduler = scheduler(clock, () -> 0, 1);
    Told told = new Told();
    scheduler.enqueue(request(input(), told));
    scheduler.start();

    assertThat(told.failure.join().code()).isEqualTo(StatusCode.UNAVAILABLE);
    scheduler.close();
    assertThat(faults).containsExactly("0_0: java.lang.IllegalStateException: no clock, 0 left");
    assertThat(memory.usedBytes()).isZero();
  }

  /** Breaks some times, on threads of one name, or on all. */
  private final class BreakingClock implements Clock {
    final AtomicInteger breaks = new AtomicInteger();
    private final String threadName;

    BreakingClock(String threadName) {
      this.threadName = threadName;
    }

    @Override
    public long nanoTime() {
      if ((threadName.isEmpty() || Thread.currentThread().getName().equals(threadName))
          && breaks.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
        throw new IllegalStateException("no clock");
      }
      return time.nanoTime();
    }

    @Override
    public Alarm at(long nanos, Runnable task) {
      return time.at(nanos, task);
    }
  }
}
