/**
 * When requests are due. A schedule is a sequence of instants fixed before the first request
 * leaves, so that a slow answer can never postpone the next question.
 *
 * <p>Starting points: {@link dev.nereid.bench.arrivals.ArrivalSchedule}.
 */
@NullMarked
package dev.nereid.bench.arrivals;

import org.jspecify.annotations.NullMarked;
