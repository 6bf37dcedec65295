/**
 * The bench: how many requests a second a model answers within an objective.
 *
 * <p>Rooms, each knowing only those before it: {@link dev.nereid.bench.arrivals} (when requests are
 * due), {@link dev.nereid.bench.statistics} (what counts allow to conclude), {@link
 * dev.nereid.bench.target} (what is measured), {@link dev.nereid.images} (pictures as tensors),
 * {@link dev.nereid.bench.measure} (one probe), {@link dev.nereid.bench.search} (the limit), {@link
 * dev.nereid.bench.report} (text, JSON, CSV, HTML), {@link dev.nereid.bench.command} (the command
 * line).
 *
 * <p>Starting points: {@link dev.nereid.bench.search.MaxSearch}; docs/bench.md tells the method.
 */
@NullMarked
package dev.nereid.bench;

import org.jspecify.annotations.NullMarked;
