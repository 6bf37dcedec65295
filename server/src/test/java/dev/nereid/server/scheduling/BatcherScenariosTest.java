package dev.nereid.server.scheduling;

import static dev.nereid.server.scheduling.Puppet.seconds;
import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.server.metrics.CloseReason;
import dev.nereid.server.scheduling.Puppet.Config;
import dev.nereid.tensor.DataType;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * What Triton's own tests of its dynamic batcher expect (its suite L0_batcher, whose names lead
 * each comment), with the clock turned by hand: where they say "fast" no time passes, and where
 * they wait for the queue delay it passes to the nanosecond.
 */
final class BatcherScenariosTest {

  private static final Duration DELAY = seconds(10);
  private static final Duration FAST = Duration.ZERO;

  private static Puppet preferring2And6() {
    return Config.dynamic().max(8).preferred(2, 6).delay(DELAY).puppet();
  }

  private static Puppet preferring4And6WithoutDelay() {
    return Config.dynamic().max(8).preferred(4, 6).puppet();
  }

  @Test // static_batch_preferred
  void preferredSizesRunAtOnce() {
    try (Puppet puppet = preferring2And6()) {
      Sent two = puppet.send(2);
      Sent six = puppet.send(6);

      assertThat(two.latency()).isEqualTo(FAST);
      assertThat(six.latency()).isEqualTo(FAST);
      assertThat(puppet.executions()).isEqualTo(Map.of(2, 1L, 6, 1L));
      assertThat(puppet.snapshot().inferenceCount()).isEqualTo(8);
    }
  }

  @Test // static_batch_lt_any_preferred
  void fewerRowsThanAnyPreferredSizeWaitForTheDelay() {
    try (Puppet puppet = preferring2And6()) {
      Sent one = puppet.send(1);
      puppet.advance(DELAY.minusNanos(1));
      assertThat(one.isOpen()).isTrue();
      puppet.advance(Duration.ofNanos(1));

      assertThat(one.latency()).isEqualTo(DELAY);
      assertThat(puppet.executions()).isEqualTo(Map.of(1, 1L));
      assertThat(puppet.snapshot().closeReasons()).containsEntry(CloseReason.DELAY, 1L);
    }
  }

  @Test // static_batch_not_preferred
  void aSizeBetweenThePreferredOnesWaitsForTheDelay() {
    try (Puppet puppet = preferring2And6()) {
      Sent three = puppet.send(3);
      puppet.advance(seconds(15));

      assertThat(three.latency()).isEqualTo(DELAY);
      assertThat(puppet.executions()).isEqualTo(Map.of(3, 1L));
    }
  }

  @Test // static_batch_gt_max_preferred
  void moreRowsThanTheLargestPreferredSizeRunAtOnce() {
    try (Puppet puppet = preferring2And6()) {
      Sent seven = puppet.send(7);

      assertThat(seven.latency()).isEqualTo(FAST);
      assertThat(puppet.executions()).isEqualTo(Map.of(7, 1L));
    }
  }

  @Test // multi_batch_not_preferred
  void requestsThatTogetherAreNotPreferredWaitForTheOldestOnesDelay() {
    try (Puppet puppet = preferring2And6()) {
      Sent one = puppet.send(1);
      puppet.advance(seconds(1));
      Sent three = puppet.send(3);
      puppet.advance(seconds(15));

      assertThat(one.latency()).isEqualTo(DELAY);
      assertThat(three.latency()).isEqualTo(DELAY.minusSeconds(1));
      assertThat(puppet.executions()).isEqualTo(Map.of(4, 1L));
    }
  }

  @Test // multi_batch_gt_max_preferred
  void aRequestThatDoesNotFitSendsTheOnesBeforeIt() {
    try (Puppet puppet = preferring2And6()) {
      Sent three = puppet.send(3);
      puppet.advance(seconds(1));
      Sent seven = puppet.send(7);

      assertThat(three.latency()).isEqualTo(seconds(1));
      assertThat(seven.latency()).isEqualTo(FAST);
      assertThat(puppet.executions()).isEqualTo(Map.of(3, 1L, 7, 1L));
      assertThat(puppet.snapshot().closeReasons()).containsEntry(CloseReason.FULL, 1L);
    }
  }

  @Test // multi_batch_sum_gt_max_preferred
  void aRequestThatWouldPassTheLargestPreferredSizeSendsTheOnesBeforeIt() {
    try (Puppet puppet = preferring2And6()) {
      Sent three = puppet.send(3);
      puppet.advance(seconds(1));
      Sent four = puppet.send(4);
      puppet.advance(seconds(15));

      assertThat(three.latency()).isEqualTo(seconds(1));
      assertThat(four.latency()).isEqualTo(DELAY);
      assertThat(puppet.executions()).isEqualTo(Map.of(3, 1L, 4, 1L));
    }
  }

  @Test // multi_batch_different_shape
  void aRequestOfAnotherShapeSendsTheOnesBeforeIt() {
    try (Puppet puppet = preferring2And6()) {
      Sent wide = puppet.request(1).width(16).send();
      puppet.advance(seconds(1));
      Sent narrow = puppet.request(1).width(8).send();
      puppet.advance(seconds(15));

      assertThat(wide.latency()).isEqualTo(seconds(1));
      assertThat(narrow.latency()).isEqualTo(DELAY);
      assertThat(puppet.executions()).isEqualTo(Map.of(1, 2L));
      assertThat(puppet.snapshot().closeReasons()).containsEntry(CloseReason.SHAPE, 1L);
    }
  }

  @Test
  void aRequestOfAnotherTypeSendsTheOnesBeforeIt() {
    try (Puppet puppet =
        new Puppet(
            Config.dynamic().preferred(2, 6).delay(DELAY).build(),
            1,
            batch -> batch.output("OUTPUT", DataType.INT32, new long[] {batch.rows(), 0}, 0))) {
      Sent ints = puppet.request(1).send();
      Sent floats = puppet.request(1).type(DataType.FP32).send();

      assertThat(ints.latency()).isEqualTo(FAST);
      assertThat(floats.isOpen()).isTrue();
    }
  }

  @Test // multi_batch_not_preferred_different_shape
  void anotherShapeEndsABatchThatIsNotPreferred() {
    try (Puppet puppet = preferring2And6()) {
      puppet.queue(1);
      puppet.queue(3);
      puppet.settle();
      puppet.advance(seconds(1));
      Sent other = puppet.request(1).width(8).send();
      assertThat(puppet.executions()).isEqualTo(Map.of(4, 1L));
      puppet.advance(seconds(15));

      assertThat(other.latency()).isEqualTo(DELAY);
      assertThat(puppet.executions()).isEqualTo(Map.of(4, 1L, 1, 1L));
    }
  }

  @Test // multi_batch_preferred_different_shape
  void theNextShapesBatchFormsBehindIt() {
    try (Puppet puppet = preferring2And6()) {
      puppet.send(1);
      puppet.send(3);
      puppet.request(1).width(8).send();
      Sent last = puppet.request(5).width(8).send();

      assertThat(last.latency()).isEqualTo(FAST);
      assertThat(puppet.executions()).isEqualTo(Map.of(4, 1L, 6, 1L));
    }
  }

  @Test // multi_same_output0, multi_same_output1, multi_different_outputs, ..._order
  void requestsForDifferentOutputsShareABatch() {
    try (Puppet puppet = preferring2And6()) {
      Sent all = puppet.send(1);
      Sent one = puppet.request(1).outputs("OUTPUT").send();

      assertThat(puppet.executions()).isEqualTo(Map.of(2, 1L));
      assertThat(all.isAnswered() && one.isAnswered()).isTrue();
    }
  }

  @Test // multi_batch_delayed_sum_gt_max_preferred
  void theSameHoldsForRequestsThatWereQueuedTogether() {
    try (Puppet puppet = preferring2And6()) {
      Sent three = puppet.queue(3);
      Sent four = puppet.queue(4);
      puppet.settle();
      assertThat(three.latency()).isEqualTo(FAST);
      puppet.advance(seconds(15));

      assertThat(four.latency()).isEqualTo(DELAY);
      assertThat(puppet.executions()).isEqualTo(Map.of(3, 1L, 4, 1L));
    }
  }

  @Test // multi_batch_delayed_use_max_batch
  void onceTheDelayIsOverABatchGrowsPastThePreferredSizes() {
    try (Puppet puppet = preferring2And6().executeDelay(seconds(20))) {
      puppet.send(2); // Keeps the instance busy.
      puppet.send(3);
      puppet.send(4);
      puppet.advance(seconds(11));
      puppet.send(1);
      puppet.advance(seconds(60));

      assertThat(puppet.executions()).isEqualTo(Map.of(2, 1L, 8, 1L));
    }
  }

  @Test // multi_batch_use_biggest_preferred
  void theLargestPreferredSizeIsTaken() {
    try (Puppet puppet = preferring2And6()) {
      queueOnes(puppet, 6);

      assertThat(puppet.executions()).isEqualTo(Map.of(6, 1L));
      assertThat(puppet.snapshot().closeReasons()).containsEntry(CloseReason.PREFERRED, 1L);
    }
  }

  @Test // multi_batch_use_best_preferred
  void theBestPreferredSizeIsTakenAndTheRestWaits() {
    try (Puppet puppet = preferring2And6()) {
      queueOnes(puppet, 2);
      puppet.advance(seconds(1));
      Sent third = puppet.send(1);
      puppet.advance(seconds(15));

      assertThat(third.latency()).isEqualTo(DELAY);
      assertThat(puppet.executions()).isEqualTo(Map.of(2, 1L, 1, 1L));
    }
  }

  @Test // preferred_batch_only_aligned
  void withoutADelayAPreferredSizeIsTaken() {
    try (Puppet puppet = preferring4And6WithoutDelay()) {
      queueOnes(puppet, 4);

      assertThat(puppet.executions()).isEqualTo(Map.of(4, 1L));
    }
  }

  @Test // preferred_batch_only_unaligned
  void withoutADelayWhatIsOverRunsNext() {
    try (Puppet puppet = preferring4And6WithoutDelay()) {
      queueOnes(puppet, 5);

      assertThat(puppet.executions()).isEqualTo(Map.of(4, 1L, 1, 1L));
    }
  }

  @Test // preferred_batch_only_use_biggest_preferred
  void withoutADelayTheLargestPreferredSizeIsTaken() {
    try (Puppet puppet = preferring4And6WithoutDelay()) {
      queueOnes(puppet, 7);

      assertThat(puppet.executions()).isEqualTo(Map.of(6, 1L, 1, 1L));
    }
  }

  @Test // preferred_batch_only_use_no_preferred_size
  void withoutADelayWhatThereIsRuns() {
    try (Puppet puppet = preferring4And6WithoutDelay()) {
      queueOnes(puppet, 3);

      assertThat(puppet.executions()).isEqualTo(Map.of(3, 1L));
      assertThat(puppet.snapshot().closeReasons()).containsEntry(CloseReason.NO_DELAY, 1L);
    }
  }

  @Test // multi_batch_preserve_ordering
  void twelveRequestsAreAnsweredInTheirOrder() {
    try (Puppet puppet = new Puppet(Config.dynamic().preferred(4).preserveOrdering().build(), 2)) {
      queueOnes(puppet, 12);

      assertThat(puppet.executions()).isEqualTo(Map.of(4, 3L));
      assertThat(puppet.ended).isEqualTo(puppet.sent);
    }
  }

  @Test // max_queue_delay_only_default
  void withoutPreferredSizesAndDelayAllThatGatheredRuns() {
    try (Puppet puppet = Config.dynamic().max(32).puppet().executeDelay(seconds(1))) {
      for (int i = 0; i < 12; i++) {
        puppet.send(1);
      }
      puppet.advance(seconds(5));

      assertThat(puppet.executions()).isEqualTo(Map.of(1, 1L, 11, 1L));
    }
  }

  @Test // max_queue_delay_only_non_default
  void withoutPreferredSizesTheDelayGathersThemAll() {
    try (Puppet puppet = Config.dynamic().max(32).delay(seconds(0.02)).puppet()) {
      for (int i = 0; i < 12; i++) {
        puppet.send(1);
      }
      puppet.advance(seconds(5));

      assertThat(puppet.executions()).isEqualTo(Map.of(12, 1L));
      assertThat(puppet.batches).isEqualTo(List.of(List.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)));
    }
  }

  private static void queueOnes(Puppet puppet, int count) {
    for (int i = 0; i < count; i++) {
      puppet.queue(1);
    }
    puppet.settle();
  }
}
