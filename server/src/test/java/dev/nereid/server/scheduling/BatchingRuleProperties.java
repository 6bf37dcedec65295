package dev.nereid.server.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.server.config.BatchingConfig;
import dev.nereid.server.config.QueuePolicy;
import dev.nereid.server.inference.Tensor;
import dev.nereid.server.metrics.CloseReason;
import dev.nereid.server.scheduling.Decision.Nothing;
import dev.nereid.server.scheduling.Decision.Take;
import dev.nereid.server.scheduling.Decision.WaitUntil;
import dev.nereid.tensor.DataType;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** The rule against a second reading of what it promises, and against its guarantees. */
final class BatchingRuleProperties {

  /** Near the overflow of a nanosecond clock. */
  private static final long START = Long.MAX_VALUE - 500;

  /** A queue, a configuration, and a time. */
  record Situation(int max, List<Integer> preferred, long delay, List<Queued> queue, long now) {

    BatchingRule rule() {
      return new BatchingRule(
          new BatchingConfig(
              "m", max, true, preferred, delay, false, 0, 0, QueuePolicy.UNBOUNDED, Map.of()));
    }

    int rowsOf(int requests) {
      return queue.subList(0, requests).stream().mapToInt(Queued::rows).sum();
    }

    long oldestOf(int requests) {
      return queue.subList(0, requests).stream()
          .mapToLong(q -> q.enqueuedNanos() - START)
          .min()
          .orElseThrow();
    }
  }

  record Queued(int rows, long enqueuedNanos, int width) implements Waiting {
    @Override
    public List<Tensor> inputs() {
      return List.of(
          new Tensor("I", DataType.FP32, new long[] {rows, width}, Unpooled.EMPTY_BUFFER));
    }
  }

  @Provide
  static Arbitrary<Situation> situations() {
    Arbitrary<Queued> queued =
        Combinators.combine(
                Arbitraries.integers().between(1, 6),
                Arbitraries.longs().between(0, 1000),
                Arbitraries.frequency(net.jqwik.api.Tuple.of(9, 1), net.jqwik.api.Tuple.of(1, 2)))
            .as((rows, at, width) -> new Queued(rows, START + at, width));
    return Combinators.combine(
            Arbitraries.integers().between(1, 12),
            Arbitraries.integers().between(1, 12).set().ofMaxSize(3),
            Arbitraries.of(0L, 1L, 300L, 5000L),
            queued.list().ofMaxSize(15),
            Arbitraries.longs().between(1000, 2000))
        .as(
            (max, preferred, delay, queue, now) ->
                new Situation(
                    max,
                    preferred.stream().filter(size -> size <= max).sorted().toList(),
                    delay,
                    queue.stream()
                        .map(
                            q -> q.rows() > max ? new Queued(max, q.enqueuedNanos(), q.width()) : q)
                        .toList(),
                    START + now));
  }

  @Property(tries = 5000)
  void itTakesWhatItsDescriptionSays(@ForAll("situations") Situation s) {
    Decision decision = s.rule().decide(s.queue(), s.now(), false);
    if (s.queue().isEmpty()) {
      assertThat(decision).isInstanceOf(Nothing.class);
      return;
    }
    List<Integer> preferred = s.preferred().isEmpty() ? List.of(s.max()) : s.preferred();
    int largest = preferred.get(preferred.size() - 1);
    int walked = walkedOver(s);
    boolean misfit = walked < s.queue().size();
    int best =
        IntStream.rangeClosed(1, walked)
            .filter(n -> preferred.contains(s.rowsOf(n)))
            .max()
            .orElseGet(
                () ->
                    IntStream.rangeClosed(1, Math.min(walked, s.queue().size() - 1))
                        .filter(n -> s.rowsOf(n) < s.max() && s.rowsOf(n + 1) > largest)
                        .findFirst()
                        .orElse(0));
    boolean late = s.delay() > 0 && s.now() - START - s.oldestOf(walked) >= s.delay();

    if (best > 0 && !late) {
      assertThat(decision).isInstanceOfSatisfying(Take.class, t -> isTake(t, best, s));
    } else if (misfit || s.rowsOf(walked) >= largest || late || s.delay() == 0) {
      assertThat(decision).isInstanceOfSatisfying(Take.class, t -> isTake(t, walked, s));
    } else {
      assertThat(decision).isEqualTo(new WaitUntil(START + s.oldestOf(walked) + s.delay()));
    }
  }

  /** How many requests fit one batch by rows and shape. */
  private static int walkedOver(Situation s) {
    int walked = 1;
    while (walked < s.queue().size()
        && s.rowsOf(walked + 1) <= s.max()
        && s.queue().get(walked).width() == s.queue().get(0).width()) {
      walked++;
    }
    return walked;
  }

  private static void isTake(Take take, int requests, Situation s) {
    assertThat(take.requests()).isEqualTo(requests);
    assertThat(take.rows()).isEqualTo(s.rowsOf(requests));
  }

  @Property(tries = 2000)
  void aBatchNeitherExceedsTheMaximumNorMixesShapes(@ForAll("situations") Situation s) {
    for (boolean stopping : new boolean[] {false, true}) {
      if (s.rule().decide(s.queue(), s.now(), stopping) instanceof Take take) {
        assertThat(take.rows()).isBetween(1, s.max());
        assertThat(s.queue().subList(0, take.requests()))
            .extracting(Queued::width)
            .containsOnly(s.queue().get(0).width());
      }
    }
  }

  @Property(tries = 2000)
  void nobodyWaitsPastTheDelay(@ForAll("situations") Situation s) {
    if (s.rule().decide(s.queue(), s.now(), false) instanceof WaitUntil wait) {
      assertThat(s.delay()).isPositive();
      assertThat(wait.nanos() - s.now()).isPositive();
      assertThat(s.queue())
          .allSatisfy(
              q -> assertThat(wait.nanos() - q.enqueuedNanos()).isLessThanOrEqualTo(s.delay()));
    }
  }

  @Property(tries = 2000)
  void whoWaitsIsServedAtTheInstantSaid(@ForAll("situations") Situation s) {
    if (s.rule().decide(s.queue(), s.now(), false) instanceof WaitUntil wait) {
      assertThat(s.rule().decide(s.queue(), wait.nanos() - 1, false)).isEqualTo(wait);
      assertThat(s.rule().decide(s.queue(), wait.nanos(), false))
          .isEqualTo(new Take(s.queue().size(), s.rowsOf(s.queue().size()), CloseReason.DELAY));
    }
  }

  @Property(tries = 2000)
  void nothingWaitsWhenTheSchedulerStops(@ForAll("situations") Situation s) {
    Decision decision = s.rule().decide(s.queue(), s.now(), true);
    if (s.queue().isEmpty()) {
      assertThat(decision).isInstanceOf(Nothing.class);
    } else {
      assertThat(decision).isInstanceOfSatisfying(Take.class, t -> isTake(t, walkedOver(s), s));
    }
  }

  @Property(tries = 2000)
  void theReasonIsTrue(@ForAll("situations") Situation s) {
    if (!(s.rule().decide(s.queue(), s.now(), false) instanceof Take take)) {
      return;
    }
    List<Queued> rest = new ArrayList<>(s.queue().subList(take.requests(), s.queue().size()));
    int largest = s.preferred().isEmpty() ? s.max() : s.preferred().get(s.preferred().size() - 1);
    switch (take.reason()) {
      case FULL ->
          assertThat(take.rows() == s.max() || take.rows() + rest.get(0).rows() > s.max()).isTrue();
      case PREFERRED ->
          assertThat(
                  s.preferred().contains(take.rows())
                      || take.rows() >= largest
                      || take.rows() + rest.get(0).rows() > largest)
              .isTrue();
      case SHAPE -> assertThat(rest.get(0).width()).isNotEqualTo(s.queue().get(0).width());
      case DELAY -> assertThat(rest).isEmpty();
      case NO_DELAY -> {
        assertThat(rest).isEmpty();
        assertThat(s.delay()).isZero();
      }
      case STOPPING, UNBATCHED -> throw new AssertionError(take);
    }
  }
}
