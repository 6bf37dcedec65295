/**
 * ResNet-50 v1 with random weights, as a TensorFlow SavedModel and as an ONNX file.
 *
 * <p>Starting points: {@link dev.nereid.models.resnet.ResNet50} walks the network once and tells
 * each layer to a {@link dev.nereid.models.resnet.NetworkWriter}, of which there is one a format;
 * {@link dev.nereid.models.resnet.Weights} gives both the same numbers.
 */
@NullMarked
package dev.nereid.models.resnet;

import org.jspecify.annotations.NullMarked;
