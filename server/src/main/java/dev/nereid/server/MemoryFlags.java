package dev.nereid.server;

import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The flags of {@link MemoryOptions}. */
final class MemoryFlags {

  @Option(
      names = "--allow-client-shm",
      arity = "1",
      paramLabel = "<true|false>",
      converter = BooleanFlag.class,
      description =
          "Let clients on this machine register shared memory, and have tensors in it. For clients"
              + " that are trusted: one that takes memory away while it is used can end the server"
              + " (default: ${DEFAULT-VALUE}).")
  boolean clientSharedMemory = false;

  @Option(
      names = "--pinned-memory-pool-byte-size",
      paramLabel = "<bytes>",
      description =
          "Most page-locked memory for requests to models on GPUs, taken as it is needed; beyond it,"
              + " other memory is used, more slowly (default: ${DEFAULT-VALUE}).")
  long pinnedPoolBytes = 256L << 20;

  MemoryOptions options() {
    if (pinnedPoolBytes < 0) {
      throw new TypeConversionException(
          "--pinned-memory-pool-byte-size: " + pinnedPoolBytes + " (expected: >= 0)");
    }
    return new MemoryOptions(clientSharedMemory, pinnedPoolBytes);
  }
}
