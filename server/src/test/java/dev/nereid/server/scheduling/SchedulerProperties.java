package dev.nereid.server.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.server.config.BatchingConfig;
import dev.nereid.server.config.QueuePolicy;
import dev.nereid.server.config.QueuePolicy.TimeoutAction;
import dev.nereid.server.inference.StatusCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * Whatever comes, in whatever order: requests of any size, shape, priority, timeout and deadline,
 * cancellations, and instances that are busy for a while. That every request ends exactly once,
 * that nothing is held, and that the counters add up, is checked by {@link Puppet#close}.
 */
final class SchedulerProperties {

  private static final int LEVELS = 3;

  /** A model to be scheduled. */
  record Model(
      int max,
      List<Integer> preferred,
      Duration delay,
      boolean inOrder,
      QueuePolicy policy,
      int instances,
      Duration executeDelay) {

    BatchingConfig config() {
      return new BatchingConfig(
          "m", max, true, preferred, delay.toNanos(), inOrder, LEVELS, 2, policy, Map.of());
    }
  }

  /** What happens next: a request comes, or one is cancelled; and then time passes. */
  record Event(
      boolean cancels,
      int rows,
      int width,
      long priority,
      int timeoutMillis,
      int deadlineMillis,
      int pauseMillis) {}

  @Provide
  static Arbitrary<Model> models() {
    Arbitrary<QueuePolicy> policies =
        Combinators.combine(
                Arbitraries.of(TimeoutAction.class),
                Arbitraries.of(0L, 4_000L, 15_000L),
                Arbitraries.of(true, false),
                Arbitraries.of(0, 0, 2, 5))
            .as(QueuePolicy::new);
    return Combinators.combine(
            Arbitraries.integers().between(1, 8),
            Arbitraries.integers().between(1, 8).set().ofMaxSize(2),
            Arbitraries.of(Duration.ZERO, Duration.ofMillis(3), Duration.ofMillis(10)),
            Arbitraries.of(true, false),
            policies,
            Arbitraries.integers().between(1, 3),
            Arbitraries.of(Duration.ZERO, Duration.ofMillis(2), Duration.ofMillis(9)))
        .as(
            (max, preferred, delay, inOrder, policy, instances, executeDelay) ->
                new Model(
                    max,
                    preferred.stream().filter(size -> size <= max).sorted().toList(),
                    delay,
                    inOrder,
                    policy,
                    instances,
                    executeDelay));
  }

  @Provide
  static Arbitrary<List<Event>> events() {
    return Combinators.combine(
            Arbitraries.of(false, false, false, false, true),
            Arbitraries.integers().between(1, 5),
            Arbitraries.of(1, 1, 1, 1, 2),
            Arbitraries.longs().between(0, LEVELS + 1),
            Arbitraries.of(0, 0, 1, 7),
            Arbitraries.of(0, 0, 0, 2, 9),
            Arbitraries.of(0, 0, 0, 1, 2, 5, 20))
        .as(Event::new)
        .list()
        .ofMaxSize(60);
  }

  @Property(tries = 1000)
  void everyPromiseHolds(@ForAll("models") Model model, @ForAll("events") List<Event> events) {
    try (Puppet puppet =
        new Puppet(model.config(), model.instances()).executeDelay(model.executeDelay())) {
      Run run = new Run(model, puppet);
      for (Event event : events) {
        run.step(event);
      }
      run.finish();
    }
  }

  /** One run, and what is checked on its way. */
  private static final class Run {
    private final Model model;
    private final Puppet puppet;
    private final List<Event> sent = new ArrayList<>();
    private int batchesChecked;

    Run(Model model, Puppet puppet) {
      this.model = model;
      this.puppet = puppet;
    }

    void step(Event event) {
      if (event.cancels()) {
        if (!puppet.sent.isEmpty()) {
          Sent victim = puppet.sent.get((event.rows() * 7) % puppet.sent.size());
          if (victim.cancellation != null) {
            victim.cancel();
            puppet.settle();
          }
        }
      } else {
        Puppet.Draft draft =
            puppet
                .request(Math.min(event.rows(), model.max()))
                .width(event.width())
                .priority(event.priority());
        if (event.timeoutMillis() > 0) {
          draft.timeout(Duration.ofMillis(event.timeoutMillis()));
        }
        if (event.deadlineMillis() > 0) {
          draft.deadline(Duration.ofMillis(event.deadlineMillis()));
        }
        sent.add(event);
        draft.send();
      }
      check();
      for (int i = 0; i < event.pauseMillis(); i++) {
        puppet.advance(Duration.ofMillis(1));
        check();
      }
    }

    void finish() {
      puppet.advance(Duration.ofSeconds(10));
      check();
      assertThat(puppet.sent).allSatisfy(s -> assertThat(s.timesEnded).isEqualTo(1));
      for (Sent request : puppet.sent) {
        checkOutcome(request, sent.get(request.number));
      }
      if (model.inOrder()) {
        assertThat(puppet.ended.stream().filter(s -> s.cancellation != null))
            .isSortedAccordingTo(Comparator.comparing(s -> s.number));
      }
    }

    private void check() {
      checkNewBatches();
      boolean idle =
          puppet.scheduler.workers().stream()
              .anyMatch(worker -> worker.state() == InstanceWorker.State.IDLE);
      if (idle) {
        for (Sent request : puppet.sent) {
          if (request.isOpen() && !request.hasLeftQueue()) {
            assertThat(request.age()).as("%s", request).isLessThan(model.delay());
          }
        }
      }
    }

    private void checkNewBatches() {
      for (; batchesChecked < puppet.batches.size(); batchesChecked++) {
        List<Integer> batch = puppet.batches.get(batchesChecked);
        assertThat(batch.stream().mapToInt(n -> puppet.sent.get(n).rows).sum())
            .isBetween(1, model.max());
        assertThat(batch.stream().map(n -> sent.get(n).width()).distinct()).hasSize(1);
      }
      List<Integer> order = puppet.batches.stream().flatMap(List::stream).toList();
      assertThat(order).doesNotHaveDuplicates();
      if (model.policy().timeoutAction() == TimeoutAction.REJECT) {
        for (long level = 1; level <= LEVELS; level++) {
          long wanted = level;
          assertThat(order.stream().filter(n -> levelOf(sent.get(n)) == wanted))
              .as("priority %d", level)
              .isSorted();
        }
      }
    }

    private static long levelOf(Event event) {
      return event.priority() == 0 || event.priority() > LEVELS ? 2 : event.priority();
    }

    private void checkOutcome(Sent request, Event event) {
      if (request.isAnswered()) {
        assertThat(request.outputs)
            .containsExactly(
                new Sent.Output(
                    "OUTPUT",
                    List.of((long) request.rows, (long) event.width()),
                    IntStream.range(0, request.rows * event.width())
                        .mapToObj(i -> request.number)
                        .toList()));
        return;
      }
      if (model.inOrder()) {
        return; // When it left the queue does not show in when it was told.
      }
      if (request.code() == StatusCode.DEADLINE_EXCEEDED) {
        assertThat(request.latency()).isEqualTo(Duration.ofMillis(event.deadlineMillis()));
      } else if ("Request timeout expired".equals(request.text())) {
        long timeoutMicros = model.policy().defaultTimeoutMicros();
        if (model.policy().allowTimeoutOverride() && event.timeoutMillis() > 0) {
          timeoutMicros = Math.min(timeoutMicros, event.timeoutMillis() * 1000L);
        }
        assertThat(request.latency()).isEqualTo(Duration.ofNanos(timeoutMicros * 1000));
      }
    }
  }
}
