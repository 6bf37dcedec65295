/**
 * One probe: requests leave on schedule, every outcome is recorded against the instant it was due,
 * and a verdict with its numbers comes back.
 *
 * <p>Starting points: {@link dev.nereid.bench.measure.Prober} and its {@link
 * dev.nereid.bench.measure.ProbePlan}; {@link dev.nereid.bench.measure.Recording} for what is
 * counted while the load runs. Time comes from a {@link dev.nereid.bench.measure.Timeline}, which
 * tests drive.
 */
@NullMarked
package dev.nereid.bench.measure;

import org.jspecify.annotations.NullMarked;
