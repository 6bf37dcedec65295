package dev.nereid.server.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.TensorSpec;
import dev.nereid.server.config.BatchingConfig;
import dev.nereid.server.config.QueuePolicy;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.InferenceRequest;
import dev.nereid.server.inference.InferenceResponse;
import dev.nereid.server.inference.ResponseObserver;
import dev.nereid.server.inference.Tensor;
import dev.nereid.server.memory.ModelMemory;
import dev.nereid.server.memory.TensorMemory;
import dev.nereid.server.metrics.FailureReason;
import dev.nereid.server.metrics.ModelStatistics;
import dev.nereid.server.metrics.Refusal;
import dev.nereid.server.metrics.StatisticsSnapshot;
import dev.nereid.tensor.DataType;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The scheduler with real threads and the real clock: what comes in goes out, once. */
@Timeout(120)
final class SchedulerThreadsTest {

  private final SystemClock clock = new SystemClock();
  private final TensorMemory memory = new TensorMemory(256 << 20);
  private final ModelStatistics statistics = new ModelStatistics();

  private final LongAdder completed = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();

  @AfterEach
  void end() {
    clock.close();
    assertThat(wrong).isEmpty();
    assertThat(memory.usedBytes()).isZero();
  }

  private ModelScheduler scheduler(
      BatchingConfig config, int instances, Puppet.Behaviour behaviour) {
    ModelScheduler scheduler =
        new ModelScheduler(
            config,
            3,
            List.of(new ModelOutput(new TensorSpec("OUTPUT", DataType.INT32, -1, -1))),
            Puppet.instances(instances, behaviour),
            statistics,
            new ModelMemory(memory, memory),
            clock,
            (name, reason, left) -> wrong.add(name + " lost: " + reason));
    scheduler.start();
    return scheduler;
  }

  /** Checks that it is told once, with its own rows, after it was counted. */
  private class Client implements ResponseObserver {
    private final int number;
    private final int rows;
    private final CountDownLatch ended;
    private final AtomicInteger told = new AtomicInteger();

    Client(int number, int rows, CountDownLatch ended) {
      this.number = number;
      this.rows = rows;
      this.ended = ended;
    }

    InferenceRequest request(long priority, long timeoutMicros, long deadlineNanos) {
      try {
        ByteBuf data = memory.allocate(4L * rows * 2);
        for (int i = 0; i < rows * 2; i++) {
          data.writeIntLE(number);
        }
        Tensor input = new Tensor("INPUT", DataType.INT32, new long[] {rows, 2}, data);
        return new InferenceRequest(
            Integer.toString(number),
            List.of(input),
            List.of(),
            rows,
            priority,
            timeoutMicros,
            deadlineNanos,
            System.nanoTime(),
            Map.of(),
            Map.of(),
            this);
      } catch (InferenceException e) {
        throw new AssertionError(e);
      }
    }

    @Override
    public void completed(InferenceResponse response) {
      ByteBuf data = response.outputs().get(0).data();
      if (data.readableBytes() != 8 * rows) {
        wrong.add(number + ": " + data.readableBytes() + " bytes");
      }
      while (data.isReadable()) {
        int value = data.readIntLE();
        if (value != number) {
          wrong.add(number + ": row of " + value);
        }
      }
      response.release();
      completed.increment();
      end();
    }

    @Override
    public void failed(InferenceException reason) {
      failed.increment();
      end();
    }

    private void end() {
      if (told.incrementAndGet() != 1) {
        wrong.add(number + ": told again");
      }
      ended.countDown();
    }
  }

  @Test
  void fromManyThreadsToManyInstancesNothingIsLostOrCountedTwice() throws Exception {
    QueuePolicy policy = new QueuePolicy(QueuePolicy.TimeoutAction.REJECT, 50_000, true, 500);
    BatchingConfig config =
        new BatchingConfig("m", 8, true, List.of(4), 200_000, false, 3, 2, policy, Map.of());
    int perThread = 4000;
    int threads = 4;
    CountDownLatch ended = new CountDownLatch(threads * perThread);
    AtomicInteger batches = new AtomicInteger();
    Set<String> instanceThreads = ConcurrentHashMap.newKeySet();
    ModelScheduler scheduler =
        scheduler(
            config,
            3,
            batch -> {
              instanceThreads.add(Thread.currentThread().getName());
              if (batches.incrementAndGet() % 50 == 0) {
                throw new BackendException("every fiftieth");
              }
              Puppet.echo(batch);
            });
    LongAdder refused = new LongAdder();
    List<Thread> senders = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      int base = t * perThread;
      Thread sender =
          new Thread(
              () -> {
                Random random = new Random(base);
                for (int i = 0; i < perThread; i++) {
                  Client client = new Client(base + i, 1 + random.nextInt(4), ended);
                  InferenceRequest request =
                      client.request(
                          random.nextInt(4),
                          random.nextInt(4) == 0 ? 300 : 0,
                          random.nextInt(4) == 0
                              ? System.nanoTime() + 400_000
                              : InferenceRequest.NO_DEADLINE);
                  try {
                    Scheduler.Cancellation cancellation = scheduler.enqueue(request);
                    if (random.nextInt(5) == 0) {
                      cancellation.cancel();
                    }
                  } catch (InferenceException refusal) {
                    request.release();
                    refused.increment();
                    ended.countDown();
                  }
                }
              });
      senders.add(sender);
      sender.start();
    }
    for (Thread sender : senders) {
      sender.join();
    }
    assertThat(ended.await(60, TimeUnit.SECONDS)).isTrue();
    scheduler.close();

    StatisticsSnapshot counted = statistics.snapshot();
    assertThat(completed.sum() + failed.sum() + refused.sum())
        .isEqualTo((long) threads * perThread);
    assertThat(counted.success().count()).isEqualTo(completed.sum());
    assertThat(counted.fail().count()).isEqualTo(failed.sum());
    assertThat(counted.refusals()).containsEntry(Refusal.QUEUE_FULL, refused.sum());
    assertThat(counted.queue().count()).isEqualTo(completed.sum());
    assertThat(counted.batches().values().stream().mapToLong(b -> b.executions()).sum())
        .isEqualTo(counted.executionCount())
        .isEqualTo(batches.get() - batches.get() / 50);
    assertThat(
            counted.batches().entrySet().stream()
                .mapToLong(e -> e.getKey() * e.getValue().executions())
                .sum())
        .isEqualTo(counted.inferenceCount());
    assertThat(counted.failures().get(FailureReason.OTHER)).isZero();
    assertThat(counted.queuedRequests()).isZero();
    assertThat(scheduler.pendingRequests()).isZero();
    assertThat(instanceThreads).isSubsetOf("m-3-0_0", "m-3-0_1", "m-3-0_2").isNotEmpty();
  }

  @Test
  void withPreserveOrderingOneSendersAnswersComeInItsOrder() throws Exception {
    BatchingConfig config =
        new BatchingConfig("m", 4, true, List.of(), 0, true, 0, 0, QueuePolicy.UNBOUNDED, Map.of());
    ModelScheduler scheduler = scheduler(config, 3, Puppet::echo);
    int requests = 5000;
    CountDownLatch ended = new CountDownLatch(requests);
    ConcurrentLinkedQueue<Integer> order = new ConcurrentLinkedQueue<>();
    for (int i = 0; i < requests; i++) {
      int number = i;
      Client client =
          new Client(i, 1, ended) {
            @Override
            public void completed(InferenceResponse response) {
              order.add(number);
              super.completed(response);
            }
          };
      scheduler.enqueue(client.request(0, 0, InferenceRequest.NO_DEADLINE));
    }
    assertThat(ended.await(60, TimeUnit.SECONDS)).isTrue();
    scheduler.close();

    assertThat(List.copyOf(order)).hasSize(requests).isSorted();
  }

  @Test
  void aParkedInstanceIsWokenForEveryRequestThatComesAlone() throws Exception {
    ModelScheduler scheduler = scheduler(BatchingConfig.unbatched("m", 8), 2, Puppet::echo);
    for (int i = 0; i < 3000; i++) {
      CountDownLatch ended = new CountDownLatch(1);
      scheduler.enqueue(new Client(i, 1, ended).request(0, 0, InferenceRequest.NO_DEADLINE));
      assertThat(ended.await(60, TimeUnit.SECONDS)).isTrue();
    }
    scheduler.close();
    assertThat(completed.sum()).isEqualTo(3000);
  }

  @Test
  void aQueueDelayEndsByTheClocksOwnThread() throws Exception {
    BatchingConfig config =
        new BatchingConfig(
            "m", 8, true, List.of(), 1_000_000, false, 0, 0, QueuePolicy.UNBOUNDED, Map.of());
    ModelScheduler scheduler = scheduler(config, 1, Puppet::echo);
    for (int i = 0; i < 20; i++) {
      CountDownLatch ended = new CountDownLatch(1);
      scheduler.enqueue(new Client(i, 1, ended).request(0, 0, InferenceRequest.NO_DEADLINE));
      assertThat(ended.await(60, TimeUnit.SECONDS)).isTrue();
    }
    scheduler.close();
    assertThat(statistics.snapshot().queue().nanos()).isGreaterThanOrEqualTo(20_000_000);
  }

  @Test
  void timeoutsAndDeadlinesAreMetWhileTheOnlyInstanceIsBusy() throws Exception {
    QueuePolicy policy = new QueuePolicy(QueuePolicy.TimeoutAction.REJECT, 60_000_000, true, 0);
    BatchingConfig config =
        new BatchingConfig("m", 1, true, List.of(), 0, false, 0, 0, policy, Map.of());
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch others = new CountDownLatch(2);
    CountDownLatch first = new CountDownLatch(1);
    ModelScheduler scheduler =
        scheduler(
            config,
            1,
            batch -> {
              running.countDown();
              await(others);
              Puppet.echo(batch);
            });
    scheduler.enqueue(new Client(0, 1, first).request(0, 0, InferenceRequest.NO_DEADLINE));
    assertThat(running.await(60, TimeUnit.SECONDS)).isTrue();
    scheduler.enqueue(new Client(1, 1, others).request(0, 2_000, InferenceRequest.NO_DEADLINE));
    scheduler.enqueue(new Client(2, 1, others).request(0, 0, System.nanoTime() + 1_000_000));
    // The instance goes on only when both have failed: they cannot have waited for it.
    assertThat(first.await(60, TimeUnit.SECONDS)).isTrue();
    scheduler.close();

    StatisticsSnapshot counted = statistics.snapshot();
    assertThat(counted.failures()).containsEntry(FailureReason.REJECTED, 1L);
    assertThat(counted.failures()).containsEntry(FailureReason.CANCELED, 1L);
  }

  @Test
  void closingFinishesWhatIsQueuedAndEndsTheThreads() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    ModelScheduler scheduler =
        scheduler(
            BatchingConfig.unbatched("m", 8),
            2,
            batch -> {
              threads.add(Thread.currentThread());
              await(go);
              Puppet.echo(batch);
            });
    CountDownLatch ended = new CountDownLatch(50);
    for (int i = 0; i < 50; i++) {
      scheduler.enqueue(new Client(i, 1, ended).request(0, 0, InferenceRequest.NO_DEADLINE));
    }
    scheduler.stopAccepting();
    go.countDown();
    scheduler.close();

    assertThat(completed.sum()).isEqualTo(50);
    assertThat(threads).isNotEmpty().noneMatch(Thread::isAlive);
  }

  @Test
  void anInterruptThatABackendLeavesBehindHarmsNobody() throws Exception {
    ModelScheduler scheduler =
        scheduler(
            BatchingConfig.unbatched("m", 8),
            1,
            batch -> {
              if (Thread.currentThread().isInterrupted()) {
                wrong.add("interrupted from the batch before");
              }
              Thread.currentThread().interrupt();
              Puppet.echo(batch);
            });
    for (int i = 0; i < 100; i++) {
      CountDownLatch ended = new CountDownLatch(1);
      scheduler.enqueue(new Client(i, 1, ended).request(0, 0, InferenceRequest.NO_DEADLINE));
      assertThat(ended.await(60, TimeUnit.SECONDS)).isTrue();
    }
    scheduler.close();
  }

  private static void await(CountDownLatch latch) throws BackendException {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new BackendException("interrupted", e);
    }
  }
}
