/**
 * TensorRT on NVIDIA GPUs: plans, and ONNX files built to plans when they are loaded. TensorRT 10
 * by JavaCPP, or TensorRT 8.6 by DJL's engine; a process has one of the two, which its first model
 * chooses.
 *
 * <p>TensorRT's and CUDA's own libraries are no part of it: they are found through {@code
 * LD_LIBRARY_PATH}, and {@link dev.nereid.backend.tensorrt.NativeLibraries} says which one is
 * missing before anything else is tried.
 *
 * <p>Starting points: {@link dev.nereid.backend.tensorrt.TensorRtProvider} is what the server
 * finds; {@link dev.nereid.backend.tensorrt.TensorRtModel} is what a load makes, out of an engine
 * that {@link dev.nereid.backend.tensorrt.EngineStore} finds or builds; {@link
 * dev.nereid.backend.tensorrt.TensorRtInstance} is the way of a batch; {@link
 * dev.nereid.backend.tensorrt.ModelParameters} is what a model's configuration can say. Their like
 * for DJL's engine begin with {@link dev.nereid.backend.tensorrt.DjlLoader}.
 */
@NullMarked
package dev.nereid.backend.tensorrt;

import org.jspecify.annotations.NullMarked;
