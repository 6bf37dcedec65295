package dev.nereid.server.repository;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.backend.AutotuneTurn;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LoadThreadsTest {

  private static void inTurn() {
    AutotuneTurn.take();
    AutotuneTurn.giveBack();
  }

  private static <T> T within(CompletableFuture<T> future) throws Exception {
    return future.get(1, TimeUnit.MINUTES);
  }

  @Test
  void asManyTasksAsAllowedRunAtATime() throws Exception {
    LoadThreads threads = new LoadThreads(2);
    CyclicBarrier twoAtOnce = new CyclicBarrier(2);
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    List<CompletableFuture<Void>> tasks = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      tasks.add(
          CompletableFuture.runAsync(
              () -> {
                most.accumulateAndGet(running.incrementAndGet(), Math::max);
                await(twoAtOnce);
                running.decrementAndGet();
              },
              threads));
    }
    within(CompletableFuture.allOf(tasks.toArray(CompletableFuture[]::new)));
    assertThat(most).hasValue(2);
  }

  private static void await(CyclicBarrier barrier) {
    try {
      barrier.await(1, TimeUnit.MINUTES);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void tasksRunInTheOrderInWhichTheyCame() throws Exception {
    LoadThreads threads = new LoadThreads(1);
    List<Integer> order = new ArrayList<>();
    CompletableFuture<Void> last = CompletableFuture.completedFuture(null);
    for (int i = 0; i < 10; i++) {
      int number = i;
      last = CompletableFuture.runAsync(() -> order.add(number), threads);
    }
    within(last);
    assertThat(order).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
  }

  @Test
  void whatNeedsNoTurnRunsWhileOthersWaitForTheirs() throws Exception {
    LoadThreads threads = new LoadThreads(1);
    CompletableFuture<Void> first;
    CompletableFuture<Void> second;
    AutotuneTurn.take();
    try {
      first = CompletableFuture.runAsync(LoadThreadsTest::inTurn, threads);
      second = CompletableFuture.runAsync(LoadThreadsTest::inTurn, threads);
      within(CompletableFuture.runAsync(() -> {}, threads));
      assertThat(first).isNotDone();
      assertThat(second).isNotDone();
    } finally {
      AutotuneTurn.giveBack();
    }
    within(first);
    within(second);
  }

  @Test
  void afterATurnThereIsOneMoreThanAllowedUntilAThreadIsDone() throws Exception {
    LoadThreads threads = new LoadThreads(1);
    CountDownLatch firstRuns = new CountDownLatch(1);
    CountDownLatch firstEnds = new CountDownLatch(1);
    CountDownLatch secondEnds = new CountDownLatch(1);
    CompletableFuture<Thread> second = new CompletableFuture<>();
    CompletableFuture<Void> first;
    AutotuneTurn.take();
    try {
      first =
          CompletableFuture.runAsync(
              () -> {
                inTurn();
                firstRuns.countDown();
                await(firstEnds);
              },
              threads);
      threads.execute(
          () -> {
            second.complete(Thread.currentThread());
            await(secondEnds);
          });
      within(second);
    } finally {
      AutotuneTurn.giveBack();
    }
    await(firstRuns);
    CompletableFuture<Void> third = CompletableFuture.runAsync(() -> {}, threads);
    secondEnds.countDown();
    second.get().join();
    assertThat(third).isNotDone();
    firstEnds.countDown();
    within(first);
    within(third);
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(1, TimeUnit.MINUTES)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
