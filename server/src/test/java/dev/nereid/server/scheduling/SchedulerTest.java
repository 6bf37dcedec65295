package dev.nereid.server.scheduling;

import static dev.nereid.server.scheduling.Puppet.millis;
import static dev.nereid.server.scheduling.Puppet.seconds;
import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.backend.BackendException;
import dev.nereid.server.config.BatchingConfig;
import dev.nereid.server.config.QueuePolicy;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.metrics.BatchStatistics;
import dev.nereid.server.metrics.CloseReason;
import dev.nereid.server.metrics.FailureReason;
import dev.nereid.server.metrics.Refusal;
import dev.nereid.server.metrics.StageDuration;
import dev.nereid.server.scheduling.Puppet.Behaviour;
import dev.nereid.server.scheduling.Puppet.Config;
import dev.nereid.server.scheduling.Puppet.Instance;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What becomes of requests outside of batching proper: refusal, cancellation, failure, the end. */
final class SchedulerTest {

  private static Puppet plain() {
    return Config.dynamic().puppet();
  }

  @Test
  void anAnswerHoldsTheRowsOfItsOwnRequest() {
    try (Puppet puppet = plain()) {
      Sent first = puppet.request(1).width(2).queue();
      Sent second = puppet.request(2).width(2).queue();
      puppet.settle();

      assertThat(puppet.executions()).isEqualTo(Map.of(3, 1L));
      assertThat(first.outputs)
          .containsExactly(new Sent.Output("OUTPUT", List.of(1L, 2L), List.of(0, 0)));
      assertThat(second.outputs)
          .containsExactly(new Sent.Output("OUTPUT", List.of(2L, 2L), List.of(1, 1, 1, 1)));
    }
  }

  @Test
  void withoutDynamicBatchingEveryRequestRunsAloneInTheOrderOfArrival() {
    BatchingConfig config =
        new BatchingConfig(
            "m",
            8,
            false,
            List.of(4),
            seconds(1).toNanos(),
            true,
            9,
            9,
            new QueuePolicy(QueuePolicy.TimeoutAction.REJECT, 1, true, 1),
            Map.of());
    try (Puppet puppet = new Puppet(config).executeDelay(seconds(1))) {
      puppet.send(1);
      puppet.request(2).priority(9).send();
      puppet.request(3).priority(1).send();
      puppet.request(1).timeout(millis(1)).send();
      puppet.advance(seconds(9));

      assertThat(puppet.batches).isEqualTo(List.of(List.of(0), List.of(1), List.of(2), List.of(3)));
      assertThat(puppet.executions()).isEqualTo(Map.of(1, 2L, 2, 1L, 3, 1L));
      assertThat(puppet.snapshot().closeReasons()).containsEntry(CloseReason.UNBATCHED, 4L);
    }
  }

  @Test
  void aModelWithoutABatchDimensionCountsItsExecutionsAtSize0() {
    try (Puppet puppet = new Puppet(BatchingConfig.unbatched("m", 0))) {
      puppet.send(1);

      assertThat(puppet.executions()).isEqualTo(Map.of(0, 1L));
      assertThat(puppet.snapshot().inferenceCount()).isEqualTo(1);
    }
  }

  @Test
  void aCancelledRequestLeavesTheQueueAtOnce() {
    try (Puppet puppet = plain().executeDelay(seconds(5))) {
      puppet.send(1);
      Sent waiting = puppet.send(1);
      Sent behind = puppet.send(1);
      puppet.advance(seconds(1));
      waiting.cancel();

      assertThat(waiting.code()).isEqualTo(StatusCode.CANCELLED);
      assertThat(waiting.text()).isEmpty();
      assertThat(waiting.latency()).isEqualTo(seconds(1));
      assertThat(puppet.scheduler.queuedRequests()).isEqualTo(1);
      assertThat(puppet.snapshot().failures()).containsEntry(FailureReason.CANCELED, 1L);
      puppet.advance(seconds(20));
      assertThat(behind.isAnswered()).isTrue();
      assertThat(puppet.batches).isEqualTo(List.of(List.of(0), List.of(2)));
    }
  }

  @Test
  void cancellingARunningAnAnsweredOrACancelledRequestDoesNothing() {
    try (Puppet puppet = plain().executeDelay(seconds(5))) {
      Sent running = puppet.send(1);
      running.cancel();
      assertThat(running.isOpen()).isTrue();
      Sent waiting = puppet.send(1);
      waiting.cancel();
      waiting.cancel();
      puppet.advance(seconds(5));
      running.cancel();

      assertThat(running.isAnswered()).isTrue();
      assertThat(puppet.ended).containsExactly(waiting, running);
    }
  }

  @Test
  void cancellingTheRequestThatEndsABatchLetsTheBatchGoOn() {
    try (Puppet puppet = Config.dynamic().preferred(4).delay(seconds(10)).puppet()) {
      Sent two = puppet.send(2);
      Sent one = puppet.send(1);
      one.cancel();
      puppet.settle();
      Sent two2 = puppet.send(2);

      assertThat(two.isAnswered() && two2.isAnswered()).isTrue();
      assertThat(puppet.executions()).isEqualTo(Map.of(4, 1L));
    }
  }

  @Test
  void aDeadlineThatPassesInTheQueueEndsARequestThen() {
    try (Puppet puppet = plain().executeDelay(seconds(5))) {
      puppet.send(1);
      Sent hurried = puppet.request(1).deadline(millis(7)).send();
      puppet.advance(seconds(1));

      assertThat(hurried.code()).isEqualTo(StatusCode.DEADLINE_EXCEEDED);
      assertThat(hurried.text())
          .isEqualTo("[request id: r1] the client's deadline passed in the queue");
      assertThat(hurried.latency()).isEqualTo(millis(7));
      assertThat(puppet.snapshot().failures()).containsEntry(FailureReason.CANCELED, 1L);
    }
  }

  @Test
  void aDeadlineHoldsWithoutDynamicBatchingToo() {
    try (Puppet puppet = new Puppet(BatchingConfig.unbatched("m", 8)).executeDelay(seconds(5))) {
      puppet.send(1);
      Sent hurried = puppet.request(1).deadline(millis(7)).send();
      puppet.advance(seconds(1));

      assertThat(hurried.latency()).isEqualTo(millis(7));
    }
  }

  @Test
  void aDeadlineThatHasPassedOnArrivalIsNotRun() {
    try (Puppet puppet = plain()) {
      Sent late = puppet.request(1).deadline(millis(-1)).send();
      puppet.advance(Duration.ZERO);

      assertThat(late.code()).isEqualTo(StatusCode.DEADLINE_EXCEEDED);
      assertThat(puppet.batches).isEmpty();
    }
  }

  @Test
  void whatHasExpiredIsNotRunThoughTheAlarmIsLate() {
    try (Puppet puppet = plain()) {
      Sent hurried = puppet.request(1).deadline(millis(7)).queue();
      puppet.clock.jumpTo(puppet.clock.nanoTime() + millis(8).toNanos());
      puppet.settle();

      assertThat(hurried.code()).isEqualTo(StatusCode.DEADLINE_EXCEEDED);
      assertThat(puppet.batches).isEmpty();
    }
  }

  @Test
  void aSoonerExpiryMovesTheAlarm() {
    try (Puppet puppet = plain().executeDelay(seconds(5))) {
      puppet.send(1);
      Sent later = puppet.request(1).deadline(seconds(2)).send();
      Sent sooner = puppet.request(1).deadline(seconds(1)).send();
      assertThat(puppet.clock.alarms()).isEqualTo(2); // The busy instance's, and one for both.
      puppet.advance(seconds(3));

      assertThat(puppet.ended).containsExactly(sooner, later);
      assertThat(later.latency()).isEqualTo(seconds(2));
    }
  }

  @Test
  void aStoppingSchedulerRefusesNewRequestsAndFinishesTheOthers() {
    try (Puppet puppet = Config.dynamic().delay(seconds(9)).puppet()) {
      Sent waiting = puppet.send(1);
      puppet.scheduler.stopAccepting();
      Sent refused = puppet.send(1);

      assertThat(refused.code()).isEqualTo(StatusCode.UNAVAILABLE);
      assertThat(refused.text())
          .isEqualTo(
              "[request id: r1] Server is stopping, scheduler for model has stopped accepting new"
                  + " inference requests");
      assertThat(puppet.snapshot().refusals()).containsEntry(Refusal.STOPPING, 1L);
      // Nothing will come to fill its batch.
      assertThat(waiting.isAnswered()).isTrue();
      assertThat(waiting.latency()).isEqualTo(Duration.ZERO);
      assertThat(puppet.snapshot().closeReasons()).containsEntry(CloseReason.STOPPING, 1L);
    }
  }

  @Test
  void whatWaitsWhenTheTimeToExitHasComeFailsAsStopping() {
    try (Puppet puppet = plain().executeDelay(seconds(5))) {
      Sent running = puppet.send(1);
      Sent waiting = puppet.send(1);
      puppet.scheduler.failQueued();

      assertThat(running.isOpen()).isTrue();
      assertThat(waiting.code()).isEqualTo(StatusCode.UNAVAILABLE);
      assertThat(waiting.text()).startsWith("[request id: r1] Server is stopping");
      assertThat(puppet.snapshot().failures()).containsEntry(FailureReason.OTHER, 1L);
      assertThat(puppet.scheduler.pendingRequests()).isEqualTo(1);
    }
  }

  @Test
  void aBackendsRefusalFailsItsBatchAndNothingElse() {
    Behaviour refusesFirst =
        new Behaviour() {
          private int batches;

          @Override
          public void execute(dev.nereid.backend.Batch batch) throws BackendException {
            if (batches++ == 0) {
              throw new BackendException("out of luck");
            }
            Puppet.echo(batch);
          }
        };
    try (Puppet puppet = new Puppet(Config.dynamic().build(), 1, refusesFirst)) {
      Sent one = puppet.queue(1);
      Sent two = puppet.queue(1);
      puppet.settle();
      Sent three = puppet.send(1);

      assertThat(List.of(one, two)).extracting(Sent::text).containsOnly("out of luck");
      assertThat(List.of(one, two)).extracting(Sent::code).containsOnly(StatusCode.INTERNAL);
      assertThat(three.isAnswered()).isTrue();
      assertThat(puppet.snapshot().failures()).containsEntry(FailureReason.BACKEND, 2L);
      assertThat(puppet.snapshot().executionCount()).isEqualTo(1);
      assertThat(puppet.faults).isEmpty();
    }
  }

  @Test
  void whateverElseABackendThrowsFailsItsBatchToo() {
    List<Throwable> thrown =
        new ArrayList<>(
            List.of(
                new IllegalStateException("broken"),
                new OutOfMemoryError("Java heap space"),
                new StackOverflowError()));
    try (Puppet puppet =
        new Puppet(
            Config.dynamic().build(),
            1,
            batch -> {
              if (!thrown.isEmpty()) {
                Throwable next = thrown.remove(0);
                if (next instanceof Error error) {
                  throw error;
                }
                throw (RuntimeException) next;
              }
              Puppet.echo(batch);
            })) {
      assertThat(puppet.send(1).text()).isEqualTo("java.lang.IllegalStateException: broken");
      assertThat(puppet.send(1).text()).isEqualTo("java.lang.OutOfMemoryError: Java heap space");
      assertThat(puppet.send(1).text()).isEqualTo("java.lang.StackOverflowError");
      assertThat(puppet.send(1).isAnswered()).isTrue();
    }
  }

  @Test
  void anInstanceWithAFaultIsReportedAndTheOthersGoOn() {
    Instance lost = new Instance(batch -> {});
    Instance sound = new Instance(Puppet::echo);
    try (Puppet puppet =
        new Puppet(
            Config.dynamic().build(),
            List.of(
                new ScheduledInstance("0_0", sound, false),
                new ScheduledInstance("0_1", lost, false)))) {
      lost.fault = "device lost";
      // The one that became idle last is woken first.
      assertThat(puppet.send(1).code()).isEqualTo(StatusCode.INTERNAL);

      assertThat(puppet.faults).containsExactly("0_1: device lost, 1 left");
      assertThat(puppet.send(1).isAnswered()).isTrue();
      assertThat(puppet.send(1).isAnswered()).isTrue();
    }
  }

  @Test
  void whenTheLastInstanceIsLostWaitingAndNewRequestsFail() {
    Instance lost = new Instance(Puppet::echo);
    try (Puppet puppet =
        new Puppet(
                Config.dynamic().max(1).build(), List.of(new ScheduledInstance("0_0", lost, false)))
            .executeDelay(seconds(1))) {
      Sent last = puppet.send(1);
      Sent waiting = puppet.send(1);
      lost.fault = "device lost";
      puppet.advance(seconds(2));
      Sent late = puppet.send(1);

      assertThat(last.isAnswered()).isTrue();
      assertThat(waiting.code()).isEqualTo(StatusCode.UNAVAILABLE);
      assertThat(waiting.text())
          .isEqualTo(
              "[request id: r1] model 'm' version 1 has no instance left that can run"
                  + " (0_0: device lost)");
      assertThat(late.text())
          .isEqualTo(
              "[request id: r2] model 'm' version 1 has no instance left that can run"
                  + " (0_0: device lost)");
      assertThat(puppet.snapshot().refusals()).containsEntry(Refusal.NO_INSTANCE, 1L);
      assertThat(puppet.faults).containsExactly("0_0: device lost, 0 left");
    }
  }

  @Test
  void aPassiveInstanceIsGivenNothing() {
    Instance passive =
        new Instance(
            batch -> {
              throw new IllegalStateException("passive");
            });
    try (Puppet puppet =
        new Puppet(
            Config.dynamic().max(1).build(),
            List.of(
                new ScheduledInstance("0_0", passive, true),
                new ScheduledInstance("1_0", new Instance(Puppet::echo), false)))) {
      for (int i = 0; i < 9; i++) {
        assertThat(puppet.send(1).isAnswered()).isTrue();
      }
    }
  }

  @Test
  void aModelWhoseInstancesAreAllPassiveSaysSo() {
    try (Puppet puppet =
        new Puppet(
            Config.dynamic().build(),
            List.of(new ScheduledInstance("0_0", new Instance(Puppet::echo), true)))) {
      assertThat(puppet.send(1).text())
          .isEqualTo(
              "[request id: r0] model 'm' version 1 has no instance left that can run"
                  + " (every instance is passive)");
    }
  }

  @Test
  void instancesShareTheQueueAndOneIsWokenAtATime() {
    try (Puppet puppet = new Puppet(Config.dynamic().max(1).build(), 3).executeDelay(seconds(1))) {
      puppet.queue(1);
      puppet.queue(1);
      assertThat(puppet.scheduler.workers())
          .filteredOn(worker -> worker.state() == InstanceWorker.State.AWAKE)
          .hasSize(1);
      puppet.settle();
      assertThat(puppet.batches).hasSize(2);
      assertThat(puppet.scheduler.workers())
          .filteredOn(worker -> worker.state() == InstanceWorker.State.IDLE)
          .hasSize(1);
    }
  }

  @Test
  void theCountsOfWaitingAndRunningRequestsAreExact() {
    try (Puppet puppet = Config.dynamic().max(2).puppet().executeDelay(seconds(1))) {
      for (int i = 0; i < 5; i++) {
        puppet.send(1);
        puppet.advance(millis(100));
      }

      assertThat(puppet.scheduler.queuedRequests()).isEqualTo(4);
      assertThat(puppet.scheduler.pendingRequests()).isEqualTo(5);
      assertThat(puppet.snapshot().queuedRequests()).isEqualTo(4);
      assertThat(puppet.snapshot().oldestQueuedAgeNanos()).isEqualTo(millis(400).toNanos());
      puppet.advance(seconds(1));
      assertThat(puppet.scheduler.queuedRequests()).isEqualTo(2);
      assertThat(puppet.scheduler.pendingRequests()).isEqualTo(4);
    }
  }

  @Test
  void stagesAreMeasuredWhereTheBackendMarksThem() {
    ManualClock[] clock = new ManualClock[1];
    try (Puppet puppet =
        new Puppet(
            Config.dynamic().build(),
            1,
            batch -> {
              clock[0].jumpTo(clock[0].nanoTime() + 10);
              batch.inferStarts();
              clock[0].jumpTo(clock[0].nanoTime() + 200);
              batch.inferEnds();
              clock[0].jumpTo(clock[0].nanoTime() + 3000);
              batch.outputFromInput("OUTPUT", "INPUT");
            })) {
      clock[0] = puppet.clock;
      puppet.queue(1);
      puppet.queue(1);
      puppet.clock.jumpTo(puppet.clock.nanoTime() + 40_000);
      puppet.settle();

      assertThat(puppet.snapshot().queue().nanos()).isEqualTo(2 * 40_000);
      assertThat(puppet.snapshot().computeInput().nanos()).isEqualTo(2 * 10);
      assertThat(puppet.snapshot().computeInfer().nanos()).isEqualTo(2 * 200);
      assertThat(puppet.snapshot().computeOutput().nanos()).isEqualTo(2 * 3000);
      assertThat(puppet.snapshot().success().nanos()).isEqualTo(2 * 43_210);
      assertThat(puppet.snapshot().lastInferenceEpochMillis()).isEqualTo(1_700_000_000_000L);
      // Triton's batch_stats count an execution once, whatever is in it.
      assertThat(puppet.snapshot().batches())
          .containsEntry(
              2,
              new BatchStatistics(
                  new StageDuration(1, 10), new StageDuration(1, 200), new StageDuration(1, 3000)));
    }
  }
}
