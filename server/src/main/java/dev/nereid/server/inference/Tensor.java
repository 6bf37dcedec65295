package dev.nereid.server.inference;

import dev.nereid.tensor.DataType;
import io.netty.buffer.ByteBuf;

/**
 * One input or output with its bytes.
 *
 * @param shape full, batch dimension first where the model batches
 * @param data raw-encoded; one reference belongs to whoever holds the tensor's owner
 */
public record Tensor(String name, DataType type, long[] shape, ByteBuf data) {}
