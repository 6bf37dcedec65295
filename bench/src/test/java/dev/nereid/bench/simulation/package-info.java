/**
 * Servers that live in simulated time: queues whose limits are known by formula, on a clock that
 * only the generator's waiting moves.
 *
 * <p>Starting points: {@link dev.nereid.bench.simulation.VirtualTimeline}, {@link
 * dev.nereid.bench.simulation.SimulatedServer}.
 */
@NullMarked
package dev.nereid.bench.simulation;

import org.jspecify.annotations.NullMarked;
