package dev.nereid.server.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.backend.BackendException;
import dev.nereid.server.scheduling.Puppet.Config;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** {@code preserve_ordering}: answers leave in the order in which their requests were queued. */
final class PreserveOrderingTest {

  private static Puppet ofTwoInstances(boolean inOrder) {
    Config config = Config.dynamic().max(1);
    return new Puppet((inOrder ? config.preserveOrdering() : config).build(), 2);
  }

  /** Two requests, one at each instance, neither run yet. */
  private static List<Runnable> takeOneEach(Puppet puppet) {
    List<Runnable> executions = new ArrayList<>();
    for (InstanceWorker worker : puppet.scheduler.workers()) {
      RequestBatch batch = Objects.requireNonNull(worker.pull());
      executions.add(() -> worker.execute(batch));
    }
    return executions;
  }

  @Test
  void anAnswerWaitsForThoseOfEarlierRequests() {
    try (Puppet puppet = ofTwoInstances(true)) {
      Sent first = puppet.queue(1);
      Sent second = puppet.queue(1);
      List<Runnable> executions = takeOneEach(puppet);
      executions.get(1).run();
      assertThat(second.isOpen()).isTrue();
      // It has been served though, and is counted.
      assertThat(puppet.snapshot().success().count()).isEqualTo(1);
      executions.get(0).run();

      assertThat(puppet.ended).containsExactly(first, second);
    }
  }

  @Test
  void withoutItAnswersLeaveAsTheyAreReady() {
    try (Puppet puppet = ofTwoInstances(false)) {
      Sent first = puppet.queue(1);
      Sent second = puppet.queue(1);
      List<Runnable> executions = takeOneEach(puppet);
      executions.get(1).run();
      executions.get(0).run();

      assertThat(puppet.ended).containsExactly(second, first);
    }
  }

  @Test
  void failuresHaveTheirTurnToo() {
    try (Puppet puppet =
        new Puppet(
            Config.dynamic().max(1).preserveOrdering().build(),
            1,
            batch -> {
              if (batch.entry(0).id().equals("r1")) {
                throw new BackendException("no");
              }
              Puppet.echo(batch);
            })) {
      Sent answered = puppet.queue(1);
      Sent failed = puppet.queue(1);
      Sent cancelled = puppet.queue(1);
      Sent expired = puppet.request(1).deadline(Puppet.seconds(-1)).queue();
      Sent last = puppet.queue(1);
      cancelled.cancel();
      assertThat(puppet.ended).isEmpty();
      puppet.settle();

      assertThat(puppet.ended).containsExactly(answered, failed, cancelled, expired, last);
      assertThat(failed.text()).isEqualTo("no");
    }
  }

  @Test
  void aRefusedRequestHasNoTurn() {
    try (Puppet puppet = ofTwoInstances(true)) {
      Sent first = puppet.queue(1);
      puppet.scheduler.stopAccepting();
      Sent refused = puppet.queue(1);
      puppet.settle();

      assertThat(puppet.ended).containsExactly(refused, first);
    }
  }

  @Test
  void anObserverMaySendItsNextRequestFromItsAnswer() {
    try (Puppet puppet = ofTwoInstances(true)) {
      Sent first = puppet.queue(1);
      first.whenEnded = () -> puppet.queue(1);
      puppet.settle();

      assertThat(puppet.ended).hasSize(2);
    }
  }
}
