package dev.nereid.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.backend.contract.TestBatch;
import dev.nereid.backend.contract.TestRequest;
import dev.nereid.backend.contract.TestTensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LanedInstanceTest {

  private final List<String> steps = Collections.synchronizedList(new ArrayList<>());
  private final List<Thread> runThreads = Collections.synchronizedList(new ArrayList<>());
  private final Lane a = new Lane("a");
  private final Lane b = new Lane("b");
  private final LanedInstance two =
      new LanedInstance(List.of(a, b), () -> steps.add("afterwards"), "m_0_0");
  private final LanedInstance one = new LanedInstance(List.of(a), () -> {}, "m_0_0");

  /** Writes down its steps. */
  private final class Lane implements BatchLane {
    private final String name;
    private boolean empty;
    private @Nullable BackendException feedFailure;
    private @Nullable Throwable runFailure;
    private @Nullable CountDownLatch gate;

    Lane(String name) {
      this.name = name;
    }

    @Override
    public boolean feed(Batch batch) throws BackendException {
      steps.add("feed " + name);
      if (feedFailure != null) {
        throw feedFailure;
      }
      return !empty;
    }

    @Override
    public void run(Batch batch) throws BackendException {
      runThreads.add(Thread.currentThread());
      if (gate != null) {
        try {
          assertThat(gate.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
      steps.add("run " + name);
      if (runFailure instanceof BackendException failure) {
        throw failure;
      } else if (runFailure instanceof RuntimeException failure) {
        throw failure;
      } else if (runFailure instanceof Error failure) {
        throw failure;
      }
    }

    @Override
    public void answer(Batch batch) {
      steps.add("answer " + name);
    }

    @Override
    public void release() {
      steps.add("release " + name);
    }

    @Override
    public Optional<String> fault() {
      return name.equals("b") ? Optional.of("lost") : Optional.empty();
    }

    @Override
    public void close() {
      steps.add("close " + name);
    }
  }

  private static Batch batch() {
    return TestBatch.of(new TestRequest("INPUT", TestTensor.fp32(new long[] {1, 1}, 1)));
  }

  @Test
  void aBatchThatNothingFollowsRunsOnTheInstancesThread() throws Exception {
    two.execute(batch());
    assertThat(steps).containsExactly("feed a", "run a", "answer a", "release a");
    assertThat(runThreads).containsExactly(Thread.currentThread());
  }

  @Test
  void theNextBatchIsFedWhileOneRuns() throws Exception {
    CountDownLatch fed = new CountDownLatch(1);
    a.gate = fed;
    Batch first = batch();
    Batch second = batch();
    two.start(first);
    two.start(second);
    assertThat(steps).containsExactly("feed a", "feed b");
    fed.countDown();
    two.complete(first);
    two.complete(second);
    assertThat(steps)
        .containsSubsequence("run a", "answer a", "release a", "answer b", "release b")
        .containsSubsequence("run a", "run b", "answer b")
        .hasSize(8);
    assertThat(runThreads).hasSize(2).doesNotContain(Thread.currentThread());
    assertThat(runThreads.get(0)).isSameAs(runThreads.get(1));
    assertThat(runThreads.get(0).getName()).isEqualTo("m_0_0-run");
  }

  @Test
  void oneLaneRunsEverythingOnTheInstancesThread() throws Exception {
    assertThat(one.depth()).isEqualTo(1);
    one.execute(batch());
    one.execute(batch());
    assertThat(runThreads).containsOnly(Thread.currentThread());
  }

  @Test
  void aBatchThatCannotBeFedIsNotBegun() throws Exception {
    a.feedFailure = new BackendException("no input");
    assertThatThrownBy(() -> two.start(batch())).hasMessage("no input");
    assertThat(steps).containsExactly("feed a", "release a");
    a.feedFailure = null;
    two.execute(batch());
    assertThat(steps.subList(2, 6)).containsExactly("feed a", "run a", "answer a", "release a");
  }

  @Test
  void aRunThatFailsElsewhereFailsItsOwnBatchAlone() throws Exception {
    for (Throwable failure :
        List.of(
            new BackendException("out of memory"),
            new IllegalStateException("defect"),
            new StackOverflowError("deep"))) {
      a.runFailure = failure;
      Batch first = batch();
      Batch second = batch();
      two.start(first);
      two.start(second);
      assertThatThrownBy(() -> two.complete(first)).isSameAs(failure);
      two.complete(second);
      a.runFailure = null;
      steps.clear();
    }
    two.execute(batch());
    assertThat(steps).containsExactly("feed a", "run a", "answer a", "release a");
  }

  @Test
  void whereNothingIsLeftToComputeNothingRuns() throws Exception {
    a.empty = true;
    Batch first = batch();
    Batch second = batch();
    two.start(first);
    two.start(second);
    two.complete(first);
    two.complete(second);
    assertThat(steps).doesNotContain("run a", "answer a").contains("release a", "answer b");
  }

  @Test
  void anInterruptWaitsForTheRun() throws Exception {
    CountDownLatch interrupted = new CountDownLatch(1);
    a.gate = interrupted;
    Batch first = batch();
    Batch second = batch();
    two.start(first);
    two.start(second);
    Thread.currentThread().interrupt();
    Thread opener = new Thread(interrupted::countDown);
    opener.start();
    two.complete(first);
    assertThat(Thread.interrupted()).isTrue();
    two.complete(second);
    opener.join();
    assertThat(steps).containsSubsequence("run a", "answer a", "answer b");
  }

  @Test
  void closingEndsItsThreadAndTheLanes() throws Exception {
    Batch first = batch();
    Batch second = batch();
    two.start(first);
    two.start(second);
    two.complete(first);
    two.complete(second);
    steps.clear();
    two.close();
    assertThat(steps).containsExactly("close a", "close b", "afterwards");
    runThreads.get(0).join(TimeUnit.SECONDS.toMillis(30));
    assertThat(runThreads.get(0).isAlive()).isFalse();
  }

  @Test
  void aBatchThatWasNotCompletedIsLetGoOfWhenItsRunIsOver() throws Exception {
    two.start(batch());
    two.start(batch());
    two.close();
    assertThat(steps)
        .containsSubsequence("run a", "release a", "close a", "afterwards")
        .containsSubsequence("run b", "release b", "close b");
  }

  @Test
  void aFaultOfAnyLaneIsTheInstances() {
    assertThat(two.fault()).contains("lost");
    assertThat(one.fault()).isEmpty();
  }
}
