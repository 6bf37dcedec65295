/**
 * What is counted, and the page that shows it.
 *
 * <p>Starting points: {@link dev.nereid.server.metrics.ModelStatistics}, which the statistics RPC
 * and the {@code nv_inference_*} families both read; {@link
 * dev.nereid.server.metrics.ModelCollector}, which names the families; {@link
 * dev.nereid.server.metrics.MetricsService}, the port.
 */
@NullMarked
package dev.nereid.server.metrics;

import org.jspecify.annotations.NullMarked;
