/**
 * ONNX files: read, batch norms folded, quantised, written.
 *
 * <p>Starting points: {@link dev.nereid.models.onnx.OnnxFile}; {@link
 * dev.nereid.models.onnx.QdqQuantization}.
 */
@NullMarked
package dev.nereid.models.onnx;

import org.jspecify.annotations.NullMarked;
