/**
 * What an engine must offer to be served, and what the server offers it: plain records, direct
 * buffers and callbacks. No gRPC and no protobuf crosses this line, since each backend lives behind
 * a class loader of its own.
 *
 * <p>Starting points: {@link dev.nereid.backend.BackendProvider} is what {@code ServiceLoader}
 * finds in {@code backends/<name>/*.jar}; it makes a {@link dev.nereid.backend.Backend}, which
 * loads {@link dev.nereid.backend.LoadedModel}s, whose {@link dev.nereid.backend.ModelInstance}s
 * run one {@link dev.nereid.backend.Batch} at a time.
 */
@NullMarked
package dev.nereid.backend;

import org.jspecify.annotations.NullMarked;
