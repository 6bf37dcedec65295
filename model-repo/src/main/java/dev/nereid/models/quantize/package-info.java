/**
 * Networks in 8-bit integers: which tensors are quantised, what ranges they have on given pictures,
 * and how far the result is from the original.
 *
 * <p>Starting points: {@link dev.nereid.models.quantize.Quantizer} does all of it; {@link
 * dev.nereid.models.quantize.Placement} has the rules; {@link
 * dev.nereid.models.quantize.Quantization} is what a file format has to offer.
 */
@NullMarked
package dev.nereid.models.quantize;

import org.jspecify.annotations.NullMarked;
