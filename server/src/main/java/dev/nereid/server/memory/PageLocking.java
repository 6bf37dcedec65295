package dev.nereid.server.memory;

/**
 * Keeps memory that other code made where it is, so that a GPU reads and writes it directly.
 * Thread-safe.
 */
public interface PageLocking {

  /** Where there is no GPU: does nothing. */
  PageLocking NONE = (what, address, byteSize) -> () -> {};

  /**
   * Locks a mapping; where that fails, it says so in the log and the memory is used as it is.
   * Blocks: some 0.3 ms a MiB.
   *
   * @param what for the log
   * @return unlocks it again; to be run once, before the mapping ends
   */
  Runnable lock(String what, long address, long byteSize);
}
