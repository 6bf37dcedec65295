/**
 * Results for people and programs: text, JSON, CSV with perf_analyzer's header, and one HTML page
 * that needs nothing but itself.
 *
 * <p>Starting points: {@link dev.nereid.bench.report.BenchReport}.
 */
@NullMarked
package dev.nereid.bench.report;

import org.jspecify.annotations.NullMarked;
