/**
 * The server as a whole: its flags, how its rooms are wired together, and how it starts, drains and
 * stops.
 *
 * <p>Starting points: {@link dev.nereid.server.NereidServer} wires everything, top to bottom;
 * {@link dev.nereid.server.ServeCommand} is {@code nereid serve}.
 */
@NullMarked
package dev.nereid.server;

import org.jspecify.annotations.NullMarked;
