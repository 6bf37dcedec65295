/**
 * Which models there are, which versions of them are ready, and why the others are not.
 *
 * <p>Starting points: {@link dev.nereid.server.repository.ModelRepository} loads them; {@link
 * dev.nereid.server.repository.ModelLookup} is what the endpoints see of it.
 */
@NullMarked
package dev.nereid.server.repository;

import org.jspecify.annotations.NullMarked;
