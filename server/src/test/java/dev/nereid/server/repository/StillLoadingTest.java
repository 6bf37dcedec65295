package dev.nereid.server.repository;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.server.scheduling.ManualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StillLoadingTest {

  private final ManualClock clock = new ManualClock();
  private final List<String> loading = new ArrayList<>(List.of("a:1", "b:3"));
  private final List<String> lines = new ArrayList<>();

  private void turn(long seconds) {
    long end = clock.nanoTime() + Duration.ofSeconds(seconds).toNanos();
    while (clock.nextAlarm(end)) {
      // The clock calls.
    }
    clock.jumpTo(end);
  }

  @Test
  void whatLoadsForMinutesIsSaidOnceAMinute() {
    StillLoading told = new StillLoading(clock, () -> loading, lines::add);
    turn(59);
    assertThat(lines).isEmpty();
    turn(1);
    assertThat(lines).containsExactly("still loading after 60 s: a:1, b:3");
    loading.remove("a:1");
    turn(125);
    assertThat(lines)
        .containsExactly(
            "still loading after 60 s: a:1, b:3",
            "still loading after 120 s: b:3",
            "still loading after 180 s: b:3");
    told.close();
    assertThat(clock.alarms()).isZero();
    turn(200);
    assertThat(lines).hasSize(3);
  }

  @Test
  void nothingIsSaidWhereNothingIsLeft() {
    try (StillLoading told = new StillLoading(clock, List::of, lines::add)) {
      assertThat(told).isNotNull();
      turn(200);
      assertThat(lines).isEmpty();
    }
  }
}
