/**
 * The command line: {@code bench run} and {@code bench max}.
 *
 * <p>Results go to standard output, progress to standard error. Starting points: {@link
 * dev.nereid.bench.command.BenchCommand}, the exit codes in {@link
 * dev.nereid.bench.command.ExitCode}.
 */
@NullMarked
package dev.nereid.bench.command;

import org.jspecify.annotations.NullMarked;
