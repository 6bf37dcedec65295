package dev.nereid.server.repository;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.nereid.server.scheduling.Clock;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Says once a minute what is still being loaded: an engine that is built for minutes says nothing
 * of its own, and is not to be told from one that will never be done. Thread-safe.
 */
final class StillLoading implements AutoCloseable {

  private static final long INTERVAL_NANOS = Duration.ofMinutes(1).toNanos();

  private final Clock clock;
  private final Supplier<List<String>> names;
  private final Consumer<String> lines;
  private final long startNanos;

  @GuardedBy("this")
  private Clock.@Nullable Alarm next;

  @GuardedBy("this")
  private boolean closed;

  /**
   * Starts to.
   *
   * @param names of what is being loaded now; asked on a thread of the clock's
   * @param lines told each line, on a thread of the clock's
   */
  StillLoading(Clock clock, Supplier<List<String>> names, Consumer<String> lines) {
    this.clock = clock;
    this.names = names;
    this.lines = lines;
    startNanos = clock.nanoTime();
    scheduleAt(startNanos + INTERVAL_NANOS);
  }

  private synchronized void scheduleAt(long nanos) {
    if (!closed) {
      next = clock.at(nanos, () -> tell(nanos));
    }
  }

  private void tell(long nowNanos) {
    List<String> left = names.get();
    if (!left.isEmpty()) {
      lines.accept(
          "still loading after %d s: %s"
              .formatted(
                  Duration.ofNanos(nowNanos - startNanos).toSeconds(), String.join(", ", left)));
    }
    scheduleAt(nowNanos + INTERVAL_NANOS);
  }

  /** No line is begun from now on. */
  @Override
  public synchronized void close() {
    closed = true;
    if (next != null) {
      next.cancel();
    }
  }
}
