/**
 * What may be concluded from counts: the share of requests beyond the limit with an interval that
 * knows about batches, verdicts with three values, queue growth, and the rate at which the share
 * crosses the objective. A leaf: arrays in, records out, no clocks and no threads.
 *
 * <p>Starting points: {@link dev.nereid.bench.statistics.Exceedance} for one probe, {@link
 * dev.nereid.bench.statistics.LimitEstimate} for many.
 */
@NullMarked
package dev.nereid.bench.statistics;

import org.jspecify.annotations.NullMarked;
