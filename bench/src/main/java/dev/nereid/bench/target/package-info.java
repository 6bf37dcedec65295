/**
 * What is measured: something that answers requests by callback and counts its own work. The real
 * one speaks KServe v2 over gRPC with standard calls only, so that any such server can be measured;
 * the tests' ones live in simulated time. Its GPUs are read from the server's metrics page.
 *
 * <p>Starting points: {@link dev.nereid.bench.target.Target}, {@link
 * dev.nereid.bench.target.GrpcTarget}, {@link dev.nereid.bench.target.GpuMeter}.
 */
@NullMarked
package dev.nereid.bench.target;

import org.jspecify.annotations.NullMarked;
