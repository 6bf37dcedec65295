package dev.nereid.server.repository;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.nereid.server.scheduling.Clock;
import java.time.Duration;
import java.util.Collection;
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
  private final Supplier<Collection<String>> names;
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
   * @param lines told each line, on a thread of the clock's, which must not wait
   */
  StillLoading(Clock clock, Supplier<Collection<String>> names, Consumer<String> lines) {
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
    Collection<String> left = names.get();
    if (!left.isEmpty() && !isClosed()) {
      lines.accept(
          "still loading after %d s: %s"
              .formatted(
                  Duration.ofNanos(nowNanos - startNanos).toSeconds(), String.join(", ", left)));
    }
    scheduleAt(nowNanos + INTERVAL_NANOS);
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  /** No line is begun from now on, but for one that is on its way. */
  @Override
  public synchronized void close() {
    closed = true;
    if (next != null) {
      next.cancel();
    }
  }
}
