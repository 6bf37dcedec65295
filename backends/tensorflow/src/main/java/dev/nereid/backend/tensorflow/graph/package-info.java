/**
 * Rewrites TensorFlow's graphs, as protobuf messages: inlines functions, puts values where
 * variables are read, cuts away what outputs do not need, and places what is left on a device.
 *
 * <p>TF-TRT converts the main graph alone and wants constants for weights, which is why a
 * SavedModel with functions and variables goes through here first. Knows no session and no server;
 * only {@link dev.nereid.backend.tensorflow.graph.OpDefs#ofLibrary} asks TensorFlow's library for
 * anything.
 *
 * <p>Starting points: {@link dev.nereid.backend.tensorflow.graph.GraphFreezer} is the whole of it;
 * {@link dev.nereid.backend.tensorflow.graph.FunctionInliner} and {@link
 * dev.nereid.backend.tensorflow.graph.VariableReplacement} are its two steps.
 */
@NullMarked
package dev.nereid.backend.tensorflow.graph;

import org.jspecify.annotations.NullMarked;
