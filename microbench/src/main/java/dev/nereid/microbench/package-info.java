/**
 * Benchmarks: of single paths by JMH, and of a whole server against its bare engine. In no
 * distribution, and no test: nothing here asserts a time.
 *
 * <p>Starting points: {@link dev.nereid.microbench.OnnxSaturation}; on a GPU {@link
 * dev.nereid.microbench.BareTfTrtLoop} and {@link dev.nereid.microbench.BareTensorRtLoop}; the JMH
 * classes end in Benchmark and run by {@code org.openjdk.jmh.Main}.
 */
@NullMarked
package dev.nereid.microbench;

import org.jspecify.annotations.NullMarked;
