/**
 * {@code nereid verify-gpu}: what needs a GPU to be shown, checked on the machine it runs on, a
 * line each.
 *
 * <p>Starting points: {@link dev.nereid.launcher.verify.VerifyGpuCommand} is the command; {@link
 * dev.nereid.launcher.verify.Check} is one line of it.
 */
@NullMarked
package dev.nereid.launcher.verify;

import org.jspecify.annotations.NullMarked;
