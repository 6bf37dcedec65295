/**
 * What lies under TensorFlow on a GPU: the driver, CUDA's libraries and page-locked memory, asked
 * by JNA for what TensorFlow's own interface does not tell.
 *
 * <p>All of it is optional: a library or a symbol that is missing is an answer, not an error.
 *
 * <p>Starting points: {@link dev.nereid.backend.tensorflow.gpu.LibraryReport} says why TensorFlow
 * finds no GPU; {@link dev.nereid.backend.tensorflow.gpu.CudaDriver} says which there are; {@link
 * dev.nereid.backend.tensorflow.gpu.PageLockedMemory} is memory that a GPU reads at full speed.
 */
@NullMarked
package dev.nereid.backend.tensorflow.gpu;

import org.jspecify.annotations.NullMarked;
