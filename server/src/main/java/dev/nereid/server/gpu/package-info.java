/**
 * The GPUs of this machine: the driver's library, the devices that this process sees and what they
 * report of themselves.
 *
 * <p>A leaf, wired by the root alone. Nothing here is needed to serve: without a driver, or with
 * one that does not answer, there is a line in the log and no GPU.
 *
 * <p>Starting points: {@link dev.nereid.server.gpu.CudaDriver} calls the driver.
 */
@NullMarked
package dev.nereid.server.gpu;

import org.jspecify.annotations.NullMarked;
