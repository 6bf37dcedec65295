package dev.nereid.server.memory;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * A registered region and how many hold it: its name, as long as it is registered, and every use by
 * a request. The last one to let go gives it back to the system. Thread-safe.
 */
final class SharedRegion {

  private final RegionStorage storage;
  private final Runnable unused;
  private final AtomicInteger holders = new AtomicInteger(1);

  /**
   * @param unused run once, when nobody holds it any more; must not block
   */
  SharedRegion(RegionStorage storage, Runnable unused) {
    this.storage = storage;
    this.unused = unused;
  }

  RegionStorage storage() {
    return storage;
  }

  /** Holds it once more, unless it is gone. */
  boolean hold() {
    return holders.getAndUpdate(count -> count == 0 ? 0 : count + 1) > 0;
  }

  void letGo() {
    if (holders.decrementAndGet() == 0) {
      unused.run();
    }
  }
}
