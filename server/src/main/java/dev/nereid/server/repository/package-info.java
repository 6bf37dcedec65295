/**
 * Which models there are, which versions of them are ready, and why the others are not.
 *
 * <p>Starting points: {@link dev.nereid.server.repository.ModelVersion}.
 */
@NullMarked
package dev.nereid.server.repository;

import org.jspecify.annotations.NullMarked;
