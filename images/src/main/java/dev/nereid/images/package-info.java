/**
 * Pictures as the tensors that a model takes, prepared as the tutorial's client prepares them.
 *
 * <p>Starting points: {@link dev.nereid.images.ImageFolder}.
 */
@NullMarked
package dev.nereid.images;

import org.jspecify.annotations.NullMarked;
