/**
 * TensorFlow SavedModels of constants: read, quantised, written.
 *
 * <p>Starting points: {@link dev.nereid.models.tensorflow.TensorFlowNetwork}.
 */
@NullMarked
package dev.nereid.models.tensorflow;

import org.jspecify.annotations.NullMarked;
