/**
 * Tensors as bytes: element types, shapes, and the raw encoding of KServe v2.
 *
 * <p>Starting points: {@link dev.nereid.tensor.DataType}, {@link dev.nereid.tensor.Shapes}, {@link
 * dev.nereid.tensor.RawTensors}, {@link dev.nereid.tensor.BytesTensors}.
 */
@NullMarked
package dev.nereid.tensor;

import org.jspecify.annotations.NullMarked;
