package dev.nereid.bench.simulation;

import dev.nereid.bench.target.ResponseListener;
import dev.nereid.bench.target.StatisticsSnapshot;
import dev.nereid.bench.target.StatisticsSnapshot.Total;
import dev.nereid.bench.target.Target;
import dev.nereid.bench.target.TargetDescription;
import dev.nereid.bench.target.TargetDescription.ModelSettings;
import dev.nereid.bench.target.TargetDescription.Server;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.LongUnaryOperator;

/**
 * A first-come first-served server of some instances; an idle instance takes up to so many requests
 * at once and answers them together.
 */
public final class SimulatedServer implements Target {
  private final VirtualTimeline timeline;
  private final int instances;
  private final int maxBatch;
  private final long queueDelayNanos;
  private final LongUnaryOperator serviceNanos;
  private final ArrayDeque<Waiting> queue = new ArrayDeque<>();
  private final TreeMap<Long, Total> batches = new TreeMap<>();
  private int idle;
  private long requests;
  private long executions;
  private Total success = Total.NONE;
  private Total queued = Total.NONE;
  private Total input = Total.NONE;
  private Total infer = Total.NONE;
  private double refusedShare;
  private final SplittableRandom refusals = new SplittableRandom(7);
  private long networkNanos;
  private boolean overlapping;

  private record Waiting(ResponseListener listener, long arrivedNanos) {}

  private SimulatedServer(
      VirtualTimeline timeline,
      int instances,
      int maxBatch,
      long queueDelayNanos,
      LongUnaryOperator serviceNanos) {
    this.timeline = timeline;
    this.instances = instances;
    this.maxBatch = maxBatch;
    this.queueDelayNanos = queueDelayNanos;
    this.serviceNanos = serviceNanos;
    this.idle = instances;
  }

  /** M/D/1 under Poisson arrivals: one instance, always the same time. */
  public static SimulatedServer deterministic(VirtualTimeline timeline, long serviceNanos) {
    return new SimulatedServer(timeline, 1, 1, 0, batch -> serviceNanos);
  }

  /** M/M/1 under Poisson arrivals: exponential times. */
  public static SimulatedServer exponential(
      VirtualTimeline timeline, long meanServiceNanos, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return new SimulatedServer(
        timeline,
        1,
        1,
        0,
        batch -> Math.round(-Math.log(1 - random.nextDouble()) * meanServiceNanos));
  }

  /** Batches of up to {@code maxBatch}, each taking {@code fixed + each · n}. */
  public static SimulatedServer batching(
      VirtualTimeline timeline,
      int instances,
      int maxBatch,
      long delayNanos,
      long fixedNanos,
      long eachNanos) {
    return new SimulatedServer(
        timeline, instances, maxBatch, delayNanos, batch -> fixedNanos + eachNanos * batch);
  }

  /** From now on that share of the requests is refused at once. */
  public void refuse(double share) {
    this.refusedShare = share;
  }

  /** From now on each answer takes that long to travel. */
  public void network(long nanos) {
    this.networkNanos = nanos;
  }

  /**
   * From now on an instance takes a batch while another runs: the first half of a batch's time goes
   * to its input, the second to the model.
   */
  public void overlap() {
    this.overlapping = true;
    this.idle = 2 * instances;
  }

  @Override
  public TargetDescription description() {
    return new TargetDescription(
        "simulated:0",
        new Server("simulated", "1", List.of("statistics")),
        "model",
        "1",
        1,
        602_112,
        "random",
        Optional.of(
            new ModelSettings(
                "simulated",
                maxBatch == 1 ? 0 : maxBatch,
                instances,
                maxBatch > 1,
                List.of(),
                queueDelayNanos)));
  }

  @Override
  public void send(long sequence, ResponseListener listener) {
    if (refusedShare > 0 && refusals.nextDouble() < refusedShare) {
      listener.onFailure("UNAVAILABLE", "refused");
      return;
    }
    queue.add(new Waiting(listener, timeline.nanoTime()));
    start();
    if (queueDelayNanos > 0 && !queue.isEmpty()) {
      timeline.at(timeline.nanoTime() + queueDelayNanos, this::start);
    }
  }

  private void start() {
    while (idle > 0 && !queue.isEmpty() && isDue()) {
      idle--;
      List<Waiting> batch = new ArrayList<>();
      long now = timeline.nanoTime();
      while (batch.size() < maxBatch && !queue.isEmpty()) {
        batch.add(queue.remove());
      }
      long service = serviceNanos.applyAsLong(batch.size());
      for (Waiting waiting : batch) {
        queued = queued.plus(new Total(1, now - waiting.arrivedNanos()));
        long inputNanos = overlapping ? service / 2 : 0;
        input = input.plus(new Total(1, inputNanos));
        infer = infer.plus(new Total(1, service - inputNanos));
        success = success.plus(new Total(1, now + service - waiting.arrivedNanos()));
      }
      requests += batch.size();
      executions++;
      batches.merge((long) batch.size(), new Total(1, service), Total::plus);
      timeline.at(now + service, () -> finish(batch));
    }
  }

  private boolean isDue() {
    return queue.size() >= maxBatch
        || timeline.nanoTime() - queue.element().arrivedNanos() >= queueDelayNanos;
  }

  private void finish(List<Waiting> batch) {
    idle++;
    for (Waiting waiting : batch) {
      if (networkNanos > 0) {
        timeline.at(timeline.nanoTime() + networkNanos, waiting.listener()::onResponse);
      } else {
        waiting.listener().onResponse();
      }
    }
    start();
  }

  @Override
  public Optional<StatisticsSnapshot> statistics() {
    return Optional.of(
        new StatisticsSnapshot(
            requests,
            executions,
            success,
            Total.NONE,
            queued,
            input,
            infer,
            new Total(requests, 0),
            new TreeMap<>(batches)));
  }

  @Override
  public void close() {}
}
