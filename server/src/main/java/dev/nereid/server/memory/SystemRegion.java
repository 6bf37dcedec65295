package dev.nereid.server.memory;

/**
 * A registered region of system shared memory.
 *
 * @param key the POSIX shared memory object that holds it
 * @param offset bytes from the object's start to the region's
 */
public record SystemRegion(String name, String key, long offset, long byteSize) {}
