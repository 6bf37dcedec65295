package dev.nereid.backend;

import dev.nereid.tensor.DataType;
import java.nio.ByteBuffer;

/**
 * One input of one request.
 *
 * @param shape full, batch dimension first where the model batches
 * @param data direct, little-endian, raw-encoded
 */
public record InputTensor(String name, DataType type, long[] shape, ByteBuffer data) {}
