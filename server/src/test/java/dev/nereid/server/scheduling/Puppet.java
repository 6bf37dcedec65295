package dev.nereid.server.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.Batch;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.TensorSpec;
import dev.nereid.server.config.BatchingConfig;
import dev.nereid.server.config.QueuePolicy;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.InferenceRequest;
import dev.nereid.server.inference.Tensor;
import dev.nereid.server.memory.ModelMemory;
import dev.nereid.server.memory.TensorMemory;
import dev.nereid.server.metrics.ModelStatistics;
import dev.nereid.server.metrics.StatisticsSnapshot;
import dev.nereid.tensor.DataType;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A scheduler on strings: the test sends requests, turns the clock, and every instance that is
 * awake pulls and runs until it is idle, on the test's own thread. A batch takes {@link
 * #executeDelay} by that clock. The model answers OUTPUT with the rows of INPUT, as INT32; each row
 * holds its request's number.
 */
final class Puppet implements AutoCloseable {

  static final String MODEL = "m";

  final ManualClock clock = new ManualClock();
  final TensorMemory memory = new TensorMemory(64 << 20);
  final ModelStatistics statistics = new ModelStatistics(() -> 1_700_000_000_000L);
  final List<Sent> sent = new ArrayList<>();

  /** In the order in which they ended. */
  final List<Sent> ended = new ArrayList<>();

  /** The requests' numbers of every batch taken, in the order in which they were taken. */
  final List<List<Integer>> batches = new ArrayList<>();

  final List<String> faults = new ArrayList<>();
  final ModelScheduler scheduler;
  private final List<InstanceWorker> busy = new ArrayList<>();
  private Duration executeDelay = Duration.ZERO;

  /** What an instance does with a batch. */
  interface Behaviour {
    void execute(Batch batch) throws BackendException;
  }

  Puppet(BatchingConfig config) {
    this(config, 1);
  }

  Puppet(BatchingConfig config, int instances) {
    this(config, instances, Puppet::echo);
  }

  Puppet(BatchingConfig config, int instances, Behaviour behaviour) {
    this(config, instances(instances, behaviour));
  }

  Puppet(BatchingConfig config, List<ScheduledInstance> instances) {
    scheduler =
        new ModelScheduler(
            config,
            1,
            List.of(new ModelOutput(new TensorSpec("OUTPUT", DataType.INT32, -1, -1))),
            instances,
            statistics,
            new ModelMemory(memory, memory),
            clock,
            (name, reason, left) -> faults.add(name + ": " + reason + ", " + left + " left"));
    settle();
  }

  static List<ScheduledInstance> instances(int count, Behaviour behaviour) {
    List<ScheduledInstance> instances = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      instances.add(new ScheduledInstance("0_" + i, new Instance(behaviour), false));
    }
    return instances;
  }

  /** An instance of a given behaviour, which a test can break. */
  static final class Instance implements ModelInstance {
    private final Behaviour behaviour;
    @Nullable String fault;

    Instance(Behaviour behaviour) {
      this.behaviour = behaviour;
    }

    @Override
    public void execute(Batch batch) throws BackendException {
      behaviour.execute(batch);
    }

    @Override
    public Optional<String> fault() {
      return Optional.ofNullable(fault);
    }

    @Override
    public void close() {}
  }

  /** The behaviour of a model that answers OUTPUT with INPUT. */
  static void echo(Batch batch) {
    batch.inferStarts();
    var input = batch.input("INPUT");
    long[] shape = batch.inputShape("INPUT");
    batch.inferEnds();
    batch.output("OUTPUT", DataType.INT32, shape, input.remaining()).put(input);
  }

  /** A batch takes so long from now on. */
  Puppet executeDelay(Duration delay) {
    executeDelay = delay;
    return this;
  }

  /** A request to be sent, with Triton's defaults. */
  final class Draft {
    private final int rows;
    private int width = 16;
    private long priority;
    private long timeoutMicros;
    private long deadlineNanos = InferenceRequest.NO_DEADLINE;
    private List<String> outputs = List.of();
    private DataType type = DataType.INT32;

    Draft(int rows) {
      this.rows = rows;
    }

    Draft width(int elements) {
      width = elements;
      return this;
    }

    Draft type(DataType other) {
      type = other;
      return this;
    }

    Draft priority(long level) {
      priority = level;
      return this;
    }

    Draft timeout(Duration timeout) {
      timeoutMicros = timeout.toNanos() / 1000;
      return this;
    }

    Draft deadline(Duration fromNow) {
      deadlineNanos = clock.nanoTime() + fromNow.toNanos();
      return this;
    }

    Draft outputs(String... names) {
      outputs = List.of(names);
      return this;
    }

    /** Sends it, and lets the instances do what they can. */
    Sent send() {
      Sent request = queue();
      settle();
      return request;
    }

    /** Sends it while no instance gets to look. */
    Sent queue() {
      Sent request = new Sent(sent.size(), rows, clock, ended);
      sent.add(request);
      InferenceRequest inference =
          new InferenceRequest(
              "r" + request.number,
              List.of(input(request.number, rows, width, type)),
              outputs,
              rows,
              priority,
              timeoutMicros,
              deadlineNanos,
              clock.nanoTime(),
              Map.of(),
              Map.of(),
              request);
      try {
        request.cancellation = scheduler.enqueue(inference);
      } catch (InferenceException refusal) {
        inference.release();
        request.failed(refusal);
      }
      return request;
    }
  }

  private Tensor input(int number, int rows, int width, DataType type) {
    try {
      ByteBuf data = memory.allocate(4L * rows * width);
      for (int i = 0; i < rows * width; i++) {
        data.writeIntLE(number);
      }
      return new Tensor("INPUT", type, new long[] {rows, width}, data);
    } catch (InferenceException e) {
      throw new AssertionError(e);
    }
  }

  Draft request(int rows) {
    return new Draft(rows);
  }

  Sent send(int rows) {
    return request(rows).send();
  }

  Sent queue(int rows) {
    return request(rows).queue();
  }

  /** Lets every instance that is awake pull and run, until all are idle, busy or ended. */
  void settle() {
    boolean moved = true;
    while (moved) {
      moved = false;
      for (InstanceWorker worker : scheduler.workers()) {
        if (worker.state() == InstanceWorker.State.AWAKE && !busy.contains(worker)) {
          moved |= step(worker);
        }
      }
    }
  }

  private boolean step(InstanceWorker worker) {
    RequestBatch batch = worker.pull();
    if (batch == null) {
      return false;
    }
    List<Integer> numbers = new ArrayList<>();
    for (int i = 0; i < batch.size(); i++) {
      numbers.add(Integer.valueOf(batch.entry(i).id().substring(1)));
    }
    batches.add(numbers);
    if (executeDelay.isZero()) {
      worker.execute(batch);
    } else {
      busy.add(worker);
      clock.at(
          clock.nanoTime() + executeDelay.toNanos(),
          () -> {
            busy.remove(worker);
            worker.execute(batch);
          });
    }
    return true;
  }

  /** Turns the clock; alarms go off and instances move at their own instants on the way. */
  void advance(Duration duration) {
    long until = clock.nanoTime() + duration.toNanos();
    while (clock.nextAlarm(until)) {
      settle();
    }
    clock.jumpTo(until);
  }

  /** Executions by batch size, as the statistics have them. */
  Map<Integer, Long> executions() {
    return snapshot().batches().entrySet().stream()
        .collect(
            Collectors.toMap(
                Map.Entry::getKey, e -> e.getValue().executions(), Long::sum, TreeMap::new));
  }

  StatisticsSnapshot snapshot() {
    return statistics.snapshot();
  }

  static Duration seconds(double seconds) {
    return Duration.ofNanos(Math.round(seconds * 1e9));
  }

  static Duration millis(long millis) {
    return Duration.ofMillis(millis);
  }

  /** Whatever happened: every request ended once, nothing waits, nothing is held. */
  @Override
  public void close() {
    scheduler.stopAccepting();
    settle();
    advance(Duration.ofSeconds(100));
    scheduler.close();
    for (Sent request : sent) {
      assertThat(request.timesEnded).as("%s", request).isEqualTo(1);
    }
    assertThat(scheduler.pendingRequests()).isZero();
    assertThat(memory.usedBytes()).isZero();
    StatisticsSnapshot counted = snapshot();
    assertThat(counted.queue().count()).isEqualTo(counted.success().count());
    assertThat(counted.computeInput().count()).isEqualTo(counted.success().count());
    assertThat(counted.computeInfer().count()).isEqualTo(counted.success().count());
    assertThat(counted.computeOutput().count()).isEqualTo(counted.success().count());
    assertThat(counted.success().count() + counted.fail().count())
        .isEqualTo(sent.size() - counted.refusals().values().stream().mapToLong(n -> n).sum());
    assertThat(counted.batches().values().stream().mapToLong(b -> b.executions()).sum())
        .isEqualTo(counted.executionCount());
    assertThat(counted.closeReasons().values().stream().mapToLong(n -> n).sum())
        .isEqualTo(counted.executionCount());
    assertThat(counted.failures().values().stream().mapToLong(n -> n).sum())
        .isEqualTo(counted.fail().count());
  }

  /** Configurations, from Triton's defaults on. */
  static final class Config {
    private int maxBatchSize = 8;
    private List<Integer> preferred = List.of();
    private Duration delay = Duration.ZERO;
    private boolean preserveOrdering;
    private long levels;
    private long defaultLevel;
    private QueuePolicy policy = QueuePolicy.UNBOUNDED;
    private Map<Long, QueuePolicy> policies = Map.of();

    static Config dynamic() {
      return new Config();
    }

    Config max(int rows) {
      maxBatchSize = rows;
      return this;
    }

    Config preferred(Integer... sizes) {
      preferred = List.of(sizes);
      return this;
    }

    Config delay(Duration queueDelay) {
      delay = queueDelay;
      return this;
    }

    Config preserveOrdering() {
      preserveOrdering = true;
      return this;
    }

    Config priorities(long count, long defaultOne) {
      levels = count;
      defaultLevel = defaultOne;
      return this;
    }

    Config policy(QueuePolicy queuePolicy) {
      policy = queuePolicy;
      return this;
    }

    Config policies(Map<Long, QueuePolicy> byLevel) {
      policies = byLevel;
      return this;
    }

    BatchingConfig build() {
      return new BatchingConfig(
          MODEL,
          maxBatchSize,
          true,
          preferred,
          delay.toNanos(),
          preserveOrdering,
          levels,
          defaultLevel,
          policy,
          policies);
    }

    Puppet puppet() {
      return new Puppet(build());
    }
  }
}
