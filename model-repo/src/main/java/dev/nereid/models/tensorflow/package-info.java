/**
 * TensorFlow SavedModels of constants: read, quantised, written.
 *
 * <p>Starting points: {@link dev.nereid.models.tensorflow.SavedModelFile} is one, {@link
 * dev.nereid.models.tensorflow.FakeQuantization} makes it one of 8 bits. What has variables or
 * functions is frozen by its engine before it comes here.
 */
@NullMarked
package dev.nereid.models.tensorflow;

import org.jspecify.annotations.NullMarked;
