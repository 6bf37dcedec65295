/**
 * What walks through the server: one request in, one response out, or one reason why not. A leaf:
 * every room may know it, and it knows none of them.
 *
 * <p>Starting points: {@link dev.nereid.server.inference.InferenceRequest} and who releases its
 * tensors; {@link dev.nereid.server.inference.InferenceException} and the codes.
 */
@NullMarked
package dev.nereid.server.inference;

import org.jspecify.annotations.NullMarked;
