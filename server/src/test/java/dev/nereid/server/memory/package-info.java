/** Pooled tensor memory, bounded and aligned. */
@NullMarked
package dev.nereid.server.memory;

import org.jspecify.annotations.NullMarked;
