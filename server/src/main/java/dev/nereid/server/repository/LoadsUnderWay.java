package dev.nereid.server.repository;

import java.util.Collection;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Supplier;

/** What threads are loading at this moment, and not what waits for one of them. Thread-safe. */
final class LoadsUnderWay {

  private final ConcurrentSkipListMap<String, Integer> threads = new ConcurrentSkipListMap<>();

  /** Runs a part of a load on the calling thread. */
  <T> T during(String name, Supplier<T> part) {
    threads.merge(name, 1, Integer::sum);
    try {
      return part.get();
    } finally {
      threads.computeIfPresent(name, (key, count) -> count == 1 ? null : count - 1);
    }
  }

  /** In order; changes with what happens. */
  Collection<String> names() {
    return threads.keySet();
  }
}
