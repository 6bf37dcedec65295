/**
 * TensorRT's engines as files and as parts of a graph: what TF-TRT made of a graph, what it writes
 * its engines to, and where they are kept for the next start.
 *
 * <p>TF-TRT takes a file of engines at its word: one that is cut off, or of another GPU, ends the
 * process. So nothing is given to it that is not, byte for byte, what was written by an equal stack
 * for an equal model, and only where the graph around the segments looks the same once more: see
 * {@link dev.nereid.backend.tensorflow.engines.Outline}.
 *
 * <p>Starting points: {@link dev.nereid.backend.tensorflow.engines.Conversion} reads what became of
 * a graph, and {@link dev.nereid.backend.tensorflow.engines.Share} how much of a model that is;
 * {@link dev.nereid.backend.tensorflow.engines.EngineCache} keeps engines under an {@link
 * dev.nereid.backend.tensorflow.engines.EngineKey}; {@link
 * dev.nereid.backend.tensorflow.engines.EngineFile} says which batch sizes a file has.
 */
@NullMarked
package dev.nereid.backend.tensorflow.engines;

import org.jspecify.annotations.NullMarked;
