/**
 * Where engines come from: folders of jars, each behind a class loader of its own, and the one that
 * is built in.
 *
 * <p>Starting points: {@link dev.nereid.server.backend.BackendRegistry} finds and starts backends;
 * {@link dev.nereid.server.backend.IdentityBackend} answers every output with an input.
 */
@NullMarked
package dev.nereid.server.backend;

import org.jspecify.annotations.NullMarked;
