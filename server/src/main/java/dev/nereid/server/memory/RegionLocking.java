package dev.nereid.server.memory;

/** Keeps regions of the system's memory where they are, for GPUs. Thread-safe. */
public interface RegionLocking {

  /** Where there is no GPU: does nothing. */
  RegionLocking NONE = (what, address, byteSize) -> () -> {};

  /**
   * Locks a mapping; where that fails, it says so in the log and the memory is used as it is.
   * Blocks.
   *
   * @param what for the log
   * @return unlocks it again; to be run once, before the mapping ends
   */
  Runnable lock(String what, long address, long byteSize);
}
