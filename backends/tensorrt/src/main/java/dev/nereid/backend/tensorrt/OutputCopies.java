package dev.nereid.backend.tensorrt;

import dev.nereid.backend.Batch;
import dev.nereid.backend.BatchEntry;
import dev.nereid.backend.DeviceTensor;
import dev.nereid.backend.tensorrt.Ports.Port;
import dev.nereid.tensor.Shapes;
import org.bytedeco.cuda.cudart.CUstream_st;

/**
 * Copies of a batch's outputs from the device: each request's rows to where its client wants them
 * on the device itself, and those of all others at once into the memory that the server answers
 * from.
 *
 * <p>Belongs to one thread and one stream.
 */
final class OutputCopies {

  private final CUstream_st stream;
  private final int device;
  private final boolean batching;

  OutputCopies(CUstream_st stream, int device, boolean batching) {
    this.stream = stream;
    this.device = device;
    this.batching = batching;
  }

  /**
   * Begins to copy one output.
   *
   * @param shape of the whole batch's
   */
  void begin(Batch batch, Port output, long[] shape, Address from) throws CudaException {
    long byteSize = Shapes.elementCount(shape) * output.elementBytes();
    if (beginOnDevice(batch, output, shape, byteSize, from)) {
      Cuda.copyToHost(batch.output(output.name(), output.type(), shape, byteSize), from, stream);
    }
  }

  /** Whether there are requests that want it elsewhere. */
  private boolean beginOnDevice(Batch batch, Port output, long[] shape, long byteSize, Address from)
      throws CudaException {
    boolean elsewhere = false;
    long offset = 0;
    long[] own = shape.clone();
    for (int i = 0; i < batch.size(); i++) {
      BatchEntry entry = batch.entry(i);
      long bytes = byteSize;
      if (batching) {
        own[0] = entry.rows();
        bytes = byteSize / batch.rows() * entry.rows();
      }
      DeviceTensor there = entry.deviceOutput(output.name(), output.type(), own, bytes, device);
      if (there == null) {
        elsewhere = elsewhere || entry.wantsOutput(output.name());
      } else if (bytes > 0) {
        Cuda.copyOnDevice(there.address(), from.address() + offset, bytes, stream);
      }
      offset += bytes;
    }
    return elsewhere;
  }
}
