package dev.nereid.server;

/**
 * Where tensors may lie.
 *
 * @param clientSharedMemory whether clients may register shared memory
 * @param pinnedPoolBytes most page-locked memory for models on GPUs
 */
public record MemoryOptions(boolean clientSharedMemory, long pinnedPoolBytes) {}
