package dev.nereid.server.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.Batch;
import dev.nereid.backend.ModelInstance;
import dev.nereid.server.config.BatchingConfig;
import dev.nereid.server.config.QueuePolicy;
import dev.nereid.server.inference.StatusCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** An instance that holds two batches: one that its device computes, one that waits for it. */
class DeviceInstanceTest {

  /** What the device was asked, in order, by the ids of the batch's requests. */
  private final List<String> asked = new ArrayList<>();

  private @Nullable String failsToStart;
  private @Nullable String failsToComplete;
  private @Nullable String fault;

  private final class Device implements ModelInstance {

    @Override
    public void execute(Batch batch) {
      throw new AssertionError("an instance of depth 2 is started and completed");
    }

    @Override
    public int depth() {
      return 2;
    }

    @Override
    public void start(Batch batch) throws BackendException {
      asked.add("start " + ids(batch));
      if (ids(batch).equals(failsToStart)) {
        throw new BackendException("no memory on the device");
      }
      batch.inferStarts();
    }

    @Override
    public void complete(Batch batch) throws BackendException {
      asked.add("complete " + ids(batch));
      if (ids(batch).equals(failsToComplete)) {
        throw new BackendException("launch failed");
      }
      Puppet.echo(batch);
    }

    @Override
    public Optional<String> fault() {
      return Optional.ofNullable(fault);
    }

    @Override
    public void close() {}
  }

  private static String ids(Batch batch) {
    StringBuilder ids = new StringBuilder();
    for (int i = 0; i < batch.size(); i++) {
      ids.append(batch.entry(i).id());
    }
    return ids.toString();
  }

  private static BatchingConfig pairs(boolean eager) {
    return new BatchingConfig(
        "m", 2, true, List.of(), 0, false, 0, 0, QueuePolicy.UNBOUNDED, Map.of(), eager);
  }

  private Puppet puppet(BatchingConfig config, int instances) {
    List<ScheduledInstance> devices = new ArrayList<>();
    for (int i = 0; i < instances; i++) {
      devices.add(new ScheduledInstance("0_" + i, new Device(), false));
    }
    return new Puppet(config, devices);
  }

  private static InstanceWorker only(Puppet puppet) {
    return puppet.scheduler.workers().get(0);
  }

  private static void stepUntilIdle(InstanceWorker worker) {
    while (worker.state() == InstanceWorker.State.AWAKE) {
      worker.step();
    }
  }

  @Test
  void theNextFullBatchIsBegunBeforeTheOneBeforeIsAwaited() {
    try (Puppet puppet = puppet(pairs(false), 1)) {
      for (int i = 0; i < 6; i++) {
        puppet.queue(1);
      }
      stepUntilIdle(only(puppet));

      assertThat(asked)
          .containsExactly(
              "start r0r1",
              "start r2r3",
              "complete r0r1",
              "start r4r5",
              "complete r2r3",
              "complete r4r5");
      assertThat(puppet.sent).allMatch(Sent::isAnswered);
      assertThat(puppet.ended).containsExactlyElementsOf(puppet.sent);
    }
  }

  @Test
  void aBatchThatCouldStillGrowIsLeftInTheQueueWhileTheDeviceIsBusy() {
    try (Puppet puppet = puppet(pairs(false), 1)) {
      for (int i = 0; i < 3; i++) {
        puppet.queue(1);
      }
      only(puppet).step();
      only(puppet).step();
      puppet.queue(1);
      stepUntilIdle(only(puppet));

      assertThat(asked)
          .containsExactly("start r0r1", "complete r0r1", "start r2r3", "complete r2r3");
    }
  }

  @Test
  void withEagerBatchingItIsBegunAtOnce() {
    try (Puppet puppet = puppet(pairs(true), 1)) {
      for (int i = 0; i < 3; i++) {
        puppet.queue(1);
      }
      stepUntilIdle(only(puppet));

      assertThat(asked).containsExactly("start r0r1", "start r2", "complete r0r1", "complete r2");
    }
  }

  @Test
  void nothingIsBegunAheadOfAnIdleInstance() {
    try (Puppet puppet = puppet(pairs(false), 2)) {
      InstanceWorker first = puppet.scheduler.workers().get(0);
      InstanceWorker second = puppet.scheduler.workers().get(1);
      puppet.queue(2);
      puppet.queue(2);
      InstanceWorker woken = first.state() == InstanceWorker.State.AWAKE ? first : second;
      InstanceWorker other = woken == first ? second : first;
      woken.step();
      assertThat(other.state()).isEqualTo(InstanceWorker.State.AWAKE);
      woken.step();
      assertThat(asked).containsExactly("start r0", "complete r0");
      other.step();
      assertThat(asked).endsWith("start r1");
      stepUntilIdle(woken);
      stepUntilIdle(other);
    }
  }

  @Test
  void aBatchThatDoesNotStartIsFailedAndTheOneBeforeIsAnswered() {
    failsToStart = "r2r3";
    try (Puppet puppet = puppet(pairs(false), 1)) {
      for (int i = 0; i < 4; i++) {
        puppet.queue(1);
      }
      stepUntilIdle(only(puppet));

      assertThat(asked).containsExactly("start r0r1", "start r2r3", "complete r0r1");
      assertThat(puppet.sent.get(0).isAnswered()).isTrue();
      assertThat(puppet.sent.get(2).code()).isEqualTo(StatusCode.INTERNAL);
      assertThat(puppet.sent.get(2).text()).isEqualTo("no memory on the device");
    }
  }

  @Test
  void aBatchThatFailsOnTheDeviceCostsTheNextNothing() {
    failsToComplete = "r0r1";
    try (Puppet puppet = puppet(pairs(false), 1)) {
      for (int i = 0; i < 4; i++) {
        puppet.queue(1);
      }
      stepUntilIdle(only(puppet));

      assertThat(puppet.sent.get(0).text()).isEqualTo("launch failed");
      assertThat(puppet.sent.get(3).isAnswered()).isTrue();
    }
  }

  @Test
  void aLostDeviceEndsTheInstanceOnceWhatItHeldIsAnswered() {
    failsToComplete = "r0r1";
    try (Puppet puppet = puppet(pairs(false), 1)) {
      for (int i = 0; i < 4; i++) {
        puppet.queue(1);
      }
      only(puppet).step();
      fault = "the device is lost";
      stepUntilIdle(only(puppet));

      assertThat(asked)
          .containsExactly("start r0r1", "start r2r3", "complete r0r1", "complete r2r3");
      assertThat(puppet.faults).containsExactly("0_0: the device is lost, 0 left");
      assertThat(only(puppet).state()).isEqualTo(InstanceWorker.State.ENDED);
    }
  }
}
