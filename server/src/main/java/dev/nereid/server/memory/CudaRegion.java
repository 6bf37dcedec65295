package dev.nereid.server.memory;

/**
 * A registered region of a GPU's memory.
 *
 * @param device as the client numbers it
 */
public record CudaRegion(String name, long device, long byteSize) {}
