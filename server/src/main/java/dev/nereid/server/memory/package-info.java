/**
 * Where tensors lie: pooled direct memory, counted and bounded.
 *
 * <p>Starting points: {@link dev.nereid.server.memory.TensorMemory}.
 */
@NullMarked
package dev.nereid.server.memory;

import org.jspecify.annotations.NullMarked;
