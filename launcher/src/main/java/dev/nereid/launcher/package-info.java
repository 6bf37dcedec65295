/**
 * The {@code nereid} command: its subcommands, its version, and the quickstart that strings them
 * together.
 *
 * <p>Starting points: {@link dev.nereid.launcher.Nereid}.
 */
@NullMarked
package dev.nereid.launcher;

import org.jspecify.annotations.NullMarked;
