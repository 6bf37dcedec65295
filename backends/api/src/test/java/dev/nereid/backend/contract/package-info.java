/**
 * What every backend must do, as tests, and the batch to do it with. Packed into this module's test
 * jar, for each backend to run.
 *
 * <p>Starting points: extend {@link dev.nereid.backend.contract.BackendContract}, or {@link
 * dev.nereid.backend.contract.ModelFileContract} for an engine that reads a file; feed an instance
 * of your own with a {@link dev.nereid.backend.contract.TestBatch}.
 */
@NullMarked
package dev.nereid.backend.contract;

import org.jspecify.annotations.NullMarked;
