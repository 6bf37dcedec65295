package dev.nereid.server.endpoint;

import dev.nereid.tensor.DataType;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * One input as a client sent it, not checked yet.
 *
 * @param type null where the client named none that exists
 * @param shape full, as the client wrote it
 * @param data raw-encoded; the record does not own it
 */
public record ClientInput(String name, @Nullable DataType type, long[] shape, ByteBuf data) {}
