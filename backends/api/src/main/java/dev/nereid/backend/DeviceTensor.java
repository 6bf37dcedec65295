package dev.nereid.backend;

/**
 * Where one tensor of one request lies in a GPU's memory. That memory is a client's, mapped for as
 * long as the rules of {@link Batch} let an instance use any memory of the batch, also where the
 * client takes its registration back meanwhile. It is an address of the device's: to touch it from
 * the host ends the process.
 *
 * @param address as CUDA's runtime and driver take it, in the device's primary context; of no
 *     particular alignment
 * @param byteSize of the tensor; 0 for one without elements
 */
public record DeviceTensor(long address, long byteSize) {}
