/**
 * SavedModels, frozen or with variables, on TensorFlow's CPU runtime.
 *
 * <p>DJL's TensorFlow engine brings the library up and its classes of TensorFlow's C API are used
 * from there on. Its NDArrays are not: they copy every tensor to the heap and back.
 *
 * <p>Starting points: {@link dev.nereid.backend.tensorflow.TensorFlowProvider} is what the server
 * finds; {@link dev.nereid.backend.tensorflow.NativeLibrary} is where the library comes from;
 * {@link dev.nereid.backend.tensorflow.TensorFlowLane} is the way of a batch.
 */
@NullMarked
package dev.nereid.backend.tensorflow;

import org.jspecify.annotations.NullMarked;
