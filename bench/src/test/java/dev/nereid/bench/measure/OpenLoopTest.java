package dev.nereid.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.bench.arrivals.ArrivalProcess;
import dev.nereid.bench.arrivals.ArrivalSchedule;
import dev.nereid.bench.measure.ProbePlan.Load;
import dev.nereid.bench.measure.ProbePlan.Objective;
import dev.nereid.bench.statistics.Slo;
import dev.nereid.bench.target.GpuMeter;
import dev.nereid.bench.target.ResponseListener;
import dev.nereid.bench.target.StatisticsSnapshot;
import dev.nereid.bench.target.Target;
import dev.nereid.bench.target.TargetDescription;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several senders on one schedule, in real time. */
class OpenLoopTest {

  private static final long MILLI = 1_000_000L;
  private static final int SENDERS = 3;
  private static final long SEED = 11;
  private static final double RATE = 2_000;
  private static final long SETTLE = 50 * MILLI;
  private static final long LOOK = 300 * MILLI;

  /** Answers at once, and keeps what it was sent by whom. */
  private static class Immediate implements Target {
    final ConcurrentLinkedQueue<Long> sent = new ConcurrentLinkedQueue<>();
    final Set<Thread> threads = ConcurrentHashMap.newKeySet();

    @Override
    public TargetDescription description() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void send(long sequence, ResponseListener listener) {
      sent.add(sequence);
      threads.add(Thread.currentThread());
      listener.onResponse();
    }

    @Override
    public Optional<StatisticsSnapshot> statistics() {
      return Optional.empty();
    }

    @Override
    public void close() {}
  }

  private static ProbeResult probe(Target target, long lookNanos) throws Exception {
    Slo slo = Slo.parse("p95<=100ms");
    Prober prober =
        new Prober(
            target,
            Timeline.system(),
            GeneratorHealth.Limits.forLimit(slo.limitNanos()),
            () -> 0,
            1,
            1_000 * MILLI,
            SENDERS,
            GpuMeter.NONE,
            new StopSignal());
    return prober.probe(
        new ProbePlan(
            new Load.Open(ArrivalProcess.POISSON, RATE),
            new Objective(slo, false),
            SETTLE,
            lookNanos,
            1,
            SEED,
            1,
            false),
        ProbeListener.SILENT);
  }

  private static long dueInTheWindow() {
    ArrivalSchedule schedule = new ArrivalSchedule(ArrivalProcess.POISSON, RATE, SEED);
    long due = 0;
    for (long at = schedule.nextOffsetNanos();
        at < SETTLE + LOOK;
        at = schedule.nextOffsetNanos()) {
      due += at >= SETTLE ? 1 : 0;
    }
    return due;
  }

  @Test
  void sendersShareOutTheScheduleAndOfferAllOfIt() throws Exception {
    Immediate target = new Immediate();
    ProbeResult result = probe(target, LOOK);

    assertThat(result.offered()).isEqualTo(dueInTheWindow());
    assertThat(result.sent()).isEqualTo(result.offered());
    assertThat(target.threads).hasSize(SENDERS);
    assertThat(target.sent).doesNotHaveDuplicates();
    for (int i = 0; i < SENDERS; i++) {
      int own = i;
      List<Long> sequences =
          target.sent.stream().filter(sequence -> sequence % SENDERS == own).sorted().toList();
      assertThat(sequences)
          .as("of sender %d", i)
          .isEqualTo(
              IntStream.range(0, sequences.size())
                  .mapToObj(k -> own + (long) k * SENDERS)
                  .toList());
    }
  }

  @Test
  @Timeout(60)
  void whatASenderFailsByEndsTheProbeAtOnce() {
    Immediate target =
        new Immediate() {
          @Override
          public void send(long sequence, ResponseListener listener) {
            if (sequence % SENDERS == 1) {
              throw new IllegalStateException("no more buffers");
            }
            super.send(sequence, listener);
          }
        };
    assertThatThrownBy(() -> probe(target, 600_000 * MILLI)).hasMessage("no more buffers");
  }
}
