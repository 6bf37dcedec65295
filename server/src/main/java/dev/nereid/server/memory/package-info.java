/**
 * Where tensors lie: pooled direct memory, counted and bounded, and the shared memory that clients
 * register.
 *
 * <p>Starting points: {@link dev.nereid.server.memory.TensorMemory}, {@link
 * dev.nereid.server.memory.SharedRegions}.
 */
@NullMarked
package dev.nereid.server.memory;

import org.jspecify.annotations.NullMarked;
