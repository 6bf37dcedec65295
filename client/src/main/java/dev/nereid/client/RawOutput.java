package dev.nereid.client;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One of a response's {@code raw_output_contents}.
 *
 * @param data read-only; null if it was skipped
 */
record RawOutput(int sizeBytes, @Nullable ByteBuffer data) {}
