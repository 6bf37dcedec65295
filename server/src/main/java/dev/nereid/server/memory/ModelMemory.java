package dev.nereid.server.memory;

/**
 * Where the tensors of one model lie.
 *
 * @param inputs for those of requests, and for batches of them
 * @param outputs for those that its backend writes
 */
public record ModelMemory(TensorSource inputs, TensorSource outputs) {}
