package dev.nereid.server.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

@Timeout(60)
final class SystemClockTest {

  @Test
  void anAlarmGoesOffAtItsInstantAndNotBefore() {
    try (SystemClock clock = new SystemClock()) {
      CompletableFuture<Long> rang = new CompletableFuture<>();
      long instant = clock.nanoTime() + 2_000_000;
      clock.at(instant, () -> rang.complete(clock.nanoTime()));
      assertThat(rang.join() - instant).isNotNegative();
    }
  }

  @Test
  void anAlarmForThePastGoesOffAtOnce() {
    try (SystemClock clock = new SystemClock()) {
      CompletableFuture<Void> rang = new CompletableFuture<>();
      clock.at(clock.nanoTime() - 1, () -> rang.complete(null));
      assertThat(rang.join()).isNull();
    }
  }

  @Test
  void aCancelledAlarmDoesNotGoOff() throws Exception {
    try (SystemClock clock = new SystemClock()) {
      AtomicBoolean cancelledOneRang = new AtomicBoolean();
      CountDownLatch cancelled = new CountDownLatch(1);
      CountDownLatch later = new CountDownLatch(1);
      long now = clock.nanoTime();
      clock.at(now, () -> await(cancelled));
      clock.at(now + 1_000_000, () -> cancelledOneRang.set(true)).cancel();
      cancelled.countDown();
      clock.at(now + 2_000_000, later::countDown);
      later.await();
      assertThat(cancelledOneRang).isFalse();
    }
  }

  @Test
  void anAlarmThatFailsIsLoggedAndStopsNoOther() throws Exception {
    Logger logger = (Logger) LoggerFactory.getLogger(SystemClock.class);
    ListAppender<ILoggingEvent> logged = new ListAppender<>();
    logged.start();
    logger.addAppender(logged);
    try (SystemClock clock = new SystemClock()) {
      CountDownLatch later = new CountDownLatch(1);
      long now = clock.nanoTime();
      clock.at(
          now,
          () -> {
            throw new AssertionError("an alarm's own");
          });
      clock.at(now + 1, later::countDown);
      later.await();
    } finally {
      logger.detachAppender(logged);
    }
    assertThat(logged.list).hasSize(1);
    assertThat(logged.list.get(0).getThrowableProxy().getMessage()).isEqualTo("an alarm's own");
  }

  @Test
  void aClosedClockTakesAlarmsAndKeepsSilent() {
    SystemClock clock = new SystemClock();
    clock.close();
    AtomicBoolean rang = new AtomicBoolean();
    clock.at(clock.nanoTime(), () -> rang.set(true)).cancel();
    assertThat(rang).isFalse();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
