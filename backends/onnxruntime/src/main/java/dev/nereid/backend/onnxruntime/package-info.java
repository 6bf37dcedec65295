/**
 * ONNX Runtime, on the CPU and on NVIDIA GPUs.
 *
 * <p>Tensors are not copied on this side of the SPI: a batch's direct memory is wrapped as an
 * input, and an output whose shape is known is computed straight into the memory that the server
 * answers from.
 *
 * <p>Starting points: {@link dev.nereid.backend.onnxruntime.OnnxRuntimeProvider} is what the server
 * finds; {@link dev.nereid.backend.onnxruntime.OnnxLane} is the way of a batch; {@link
 * dev.nereid.backend.onnxruntime.SessionSettings} is what a model's configuration can say, {@link
 * dev.nereid.backend.onnxruntime.GpuSettings} what it can say about GPUs; {@link
 * dev.nereid.backend.onnxruntime.SessionFactory} puts a session on a device.
 */
@NullMarked
package dev.nereid.backend.onnxruntime;

import org.jspecify.annotations.NullMarked;
