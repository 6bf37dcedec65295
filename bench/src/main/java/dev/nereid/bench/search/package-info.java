/**
 * The highest rate within an objective: calibrate, bracket, bisect, confirm.
 *
 * <p>Starting points: {@link dev.nereid.bench.search.MaxSearch}, its {@link
 * dev.nereid.bench.search.MaxSettings} and {@link dev.nereid.bench.search.MaxResult}.
 */
@NullMarked
package dev.nereid.bench.search;

import org.jspecify.annotations.NullMarked;
