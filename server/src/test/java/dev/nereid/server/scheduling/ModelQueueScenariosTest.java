package dev.nereid.server.scheduling;

import static dev.nereid.server.scheduling.Puppet.millis;
import static dev.nereid.server.scheduling.Puppet.seconds;
import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.server.config.QueuePolicy;
import dev.nereid.server.config.QueuePolicy.TimeoutAction;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.metrics.FailureReason;
import dev.nereid.server.metrics.Refusal;
import dev.nereid.server.scheduling.Puppet.Config;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * What Triton's own tests of its queue policies and priorities expect (its suite L0_model_queue).
 */
final class ModelQueueScenariosTest {

  private static final QueuePolicy DELAYED = policy(TimeoutAction.DELAY, millis(100), false);
  private static final QueuePolicy REJECTED = policy(TimeoutAction.REJECT, millis(100), false);

  private static QueuePolicy policy(TimeoutAction action, Duration timeout, boolean override) {
    return new QueuePolicy(action, timeout.toNanos() / 1000, override, 0);
  }

  private static Puppet preferring4And8(QueuePolicy policy) {
    return Config.dynamic().max(32).preferred(4, 8).delay(seconds(10)).policy(policy).puppet();
  }

  @Test // max_queue_size
  void whatExceedsTheQueueIsRefusedAtOnce() {
    QueuePolicy atMost8 = new QueuePolicy(TimeoutAction.REJECT, 0, false, 8);
    try (Puppet puppet = Config.dynamic().max(32).preferred(4, 8).policy(atMost8).puppet()) {
      puppet.executeDelay(seconds(5));
      puppet.send(8);
      puppet.advance(millis(500));
      List<Sent> refused = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        Sent request = puppet.send(1);
        if (!request.isOpen()) {
          refused.add(request);
        }
      }

      assertThat(refused).extracting(request -> request.number).containsExactly(9, 10);
      assertThat(refused)
          .extracting(Sent::text)
          .containsExactly(
              "[request id: r9] Exceeds maximum queue size",
              "[request id: r10] Exceeds maximum queue size");
      assertThat(refused).extracting(Sent::code).containsOnly(StatusCode.UNAVAILABLE);
      assertThat(puppet.scheduler.queuedRequests()).isEqualTo(8);
      puppet.advance(seconds(20));
      assertThat(puppet.executions()).isEqualTo(Map.of(8, 2L));
      // As in Triton, a full queue is no failure of nv_inference_request_failure.
      assertThat(puppet.snapshot().fail().count()).isZero();
      assertThat(puppet.snapshot().refusals()).containsEntry(Refusal.QUEUE_FULL, 2L);
    }
  }

  @Test // policy_delay
  void aRequestThatIsDelayedIsServedBehindTheLiveOnes() {
    try (Puppet puppet = preferring4And8(DELAYED)) {
      Sent first = puppet.send(1);
      puppet.advance(millis(200));
      Sent second = puppet.send(2);
      Sent third = puppet.send(2);

      assertThat(second.latency()).isEqualTo(Duration.ZERO);
      assertThat(third.latency()).isEqualTo(Duration.ZERO);
      assertThat(puppet.batches).isEqualTo(List.of(List.of(1, 2)));
      puppet.advance(seconds(20));
      assertThat(first.latency()).isEqualTo(seconds(10));
      assertThat(puppet.executions()).isEqualTo(Map.of(4, 1L, 1, 1L));
    }
  }

  @Test // policy_reject
  void aRequestThatTimedOutIsRejectedWhenItDoes() {
    try (Puppet puppet = preferring4And8(REJECTED)) {
      Sent first = puppet.send(1);
      puppet.advance(millis(200));
      puppet.send(2);
      puppet.send(2);

      assertThat(first.text()).isEqualTo("Request timeout expired");
      assertThat(first.code()).isEqualTo(StatusCode.UNAVAILABLE);
      assertThat(first.latency()).isEqualTo(millis(100));
      assertThat(puppet.executions()).isEqualTo(Map.of(4, 1L));
      assertThat(puppet.snapshot().failures()).containsEntry(FailureReason.REJECTED, 1L);
    }
  }

  @Test
  void aRequestTimesOutWhileEveryInstanceIsBusy() {
    try (Puppet puppet = preferring4And8(REJECTED).executeDelay(seconds(60))) {
      puppet.send(4);
      Sent waiting = puppet.send(4);
      puppet.advance(millis(99));
      assertThat(waiting.isOpen()).isTrue();
      puppet.advance(millis(1));

      assertThat(waiting.latency()).isEqualTo(millis(100));
      assertThat(puppet.scheduler.queuedRequests()).isZero();
    }
  }

  @Test // timeout_override
  void aRequestsOwnTimeoutCountsWhereItIsShorter() {
    try (Puppet puppet = preferring4And8(policy(TimeoutAction.REJECT, seconds(1), true))) {
      Sent shorter = puppet.request(1).timeout(millis(100)).send();
      puppet.advance(seconds(2));
      Sent longer = puppet.request(1).timeout(seconds(10)).send();
      puppet.advance(seconds(2));

      assertThat(shorter.text()).isEqualTo("Request timeout expired");
      assertThat(shorter.latency()).isEqualTo(millis(100));
      assertThat(longer.latency()).isEqualTo(seconds(1));
    }
  }

  @Test
  void aRequestsOwnTimeoutCountsOnlyWhereThePolicyAllows() {
    try (Puppet puppet = preferring4And8(policy(TimeoutAction.REJECT, seconds(1), false))) {
      Sent request = puppet.request(1).timeout(millis(100)).send();
      puppet.advance(seconds(2));

      assertThat(request.latency()).isEqualTo(seconds(1));
    }
  }

  @Test
  void withoutADefaultTimeoutARequestsOwnNeverCounts() {
    try (Puppet puppet = preferring4And8(policy(TimeoutAction.REJECT, Duration.ZERO, true))) {
      Sent request = puppet.request(1).timeout(millis(100)).send();
      puppet.advance(seconds(11));

      assertThat(request.isAnswered()).isTrue();
      assertThat(request.latency()).isEqualTo(seconds(10));
    }
  }

  @Test
  void aTimeoutOfCenturiesIsNone() {
    QueuePolicy policy = new QueuePolicy(TimeoutAction.REJECT, Long.MAX_VALUE, true, 0);
    try (Puppet puppet = preferring4And8(policy)) {
      Sent request = puppet.send(1);
      puppet.advance(seconds(11));

      assertThat(request.isAnswered()).isTrue();
    }
  }

  @Test // priority_levels
  void theFirstPriorityIsServedFirst() {
    serveByPriority(2, 2);
  }

  @Test // max_priority_levels
  void prioritiesOf64BitsAreNotCutShort() {
    serveByPriority(-1L, 1L << 32);
  }

  private static void serveByPriority(long levels, long defaultLevel) {
    try (Puppet puppet =
        Config.dynamic().preferred(4, 8).priorities(levels, defaultLevel).puppet()) {
      puppet.executeDelay(seconds(1));
      puppet.send(4); // Keeps the instance busy.
      puppet.request(2).send();
      puppet.request(2).priority(defaultLevel).send();
      puppet.request(2).priority(1).send();
      puppet.request(2).priority(0).send();
      puppet.request(2).priority(1).send();
      puppet.request(2).priority(defaultLevel + 1).send(); // out of range if levels are 2
      puppet.advance(seconds(20));

      assertThat(puppet.batches).isEqualTo(List.of(List.of(0), List.of(3, 5, 1, 2), List.of(4, 6)));
    }
  }

  @Test
  void theLowestOfAllPrioritiesIsServedLast() {
    try (Puppet puppet = Config.dynamic().max(1).priorities(-1L, -1L).puppet()) {
      puppet.executeDelay(seconds(1));
      puppet.send(1);
      puppet.request(1).priority(-1L).send();
      puppet.request(1).priority(Long.MIN_VALUE).send();
      puppet.request(1).priority(Long.MAX_VALUE).send();
      puppet.request(1).priority(1L << 32).send();
      puppet.request(1).priority(1).send();
      puppet.advance(seconds(20));

      assertThat(puppet.batches).flatExtracting(batch -> batch).containsExactly(0, 5, 4, 3, 2, 1);
    }
  }

  @Test // priority_with_policy
  void everyPriorityHasItsOwnPolicy() {
    Map<Long, QueuePolicy> policies =
        Map.of(
            1L, policy(TimeoutAction.DELAY, seconds(11), true),
            2L, policy(TimeoutAction.REJECT, seconds(11), true));
    try (Puppet puppet =
        Config.dynamic()
            .max(32)
            .preferred(4, 8, 32)
            .priorities(2, 2)
            .policies(policies)
            .delay(seconds(10))
            .puppet()) {
      puppet.executeDelay(seconds(2));
      puppet.send(32); // Keeps the instance busy.
      Sent delayed = puppet.request(1).priority(1).timeout(seconds(1)).send();
      Sent rejected = puppet.request(1).priority(2).timeout(seconds(1)).send();
      Sent inTime = puppet.request(3).priority(1).send();
      Sent low = puppet.request(4).priority(2).send();
      puppet.advance(seconds(20));

      assertThat(rejected.text()).isEqualTo("Request timeout expired");
      assertThat(rejected.latency()).isEqualTo(seconds(1));
      // Behind the live one of its own priority, still before the next priority.
      assertThat(puppet.batches)
          .isEqualTo(List.of(List.of(0), List.of(inTime.number, delayed.number, low.number)));
    }
  }

  @Test
  void everyPriorityHasAQueueSizeOfItsOwnThatCountsDelayedOnes() {
    QueuePolicy two = new QueuePolicy(TimeoutAction.DELAY, 1000, false, 2);
    try (Puppet puppet =
        Config.dynamic().priorities(2, 2).policy(two).puppet().executeDelay(seconds(5))) {
      puppet.send(1);
      puppet.request(1).priority(1).send();
      puppet.request(1).priority(2).send();
      puppet.advance(seconds(1)); // Both are delayed by now.
      puppet.request(1).priority(1).send();
      Sent third = puppet.request(1).priority(1).send();
      Sent other = puppet.request(1).priority(2).send();

      assertThat(third.text()).isEqualTo("[request id: r4] Exceeds maximum queue size");
      assertThat(other.isOpen()).isTrue();
    }
  }

  @Test
  void aDelayedRequestIsNeverRejectedButMeetsItsDeadline() {
    try (Puppet puppet = preferring4And8(DELAYED).executeDelay(seconds(30))) {
      puppet.send(4);
      Sent patient = puppet.send(1);
      Sent hurried = puppet.request(1).deadline(seconds(3)).send();
      puppet.advance(seconds(29));

      assertThat(patient.isOpen()).isTrue();
      assertThat(hurried.code()).isEqualTo(StatusCode.DEADLINE_EXCEEDED);
      assertThat(hurried.latency()).isEqualTo(seconds(3));
    }
  }
}
