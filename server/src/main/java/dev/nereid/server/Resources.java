package dev.nereid.server;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a server holds open; closed in the opposite order, each once. Thread-safe. */
final class Resources implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Resources.class);

  @GuardedBy("this")
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();

  /** Closes it with the others. */
  synchronized <T extends AutoCloseable> T add(T resource) {
    opened.push(resource);
    return resource;
  }

  private synchronized @Nullable AutoCloseable last() {
    return opened.poll();
  }

  /** Closes all of them, also where one fails. Blocks. */
  @Override
  public void close() {
    for (AutoCloseable resource = last(); resource != null; resource = last()) {
      try {
        resource.close();
      } catch (Exception e) {
        log.error("{} did not close", resource.getClass().getSimpleName(), e);
      }
    }
  }
}
