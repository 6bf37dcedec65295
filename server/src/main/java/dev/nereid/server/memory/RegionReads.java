package dev.nereid.server.memory;

import dev.nereid.server.inference.InferenceException;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;

/**
 * Tensors of one request that lie on a GPU and are still to be brought to the host. Its methods are
 * called one after the other, by any threads.
 */
public final class RegionReads {

  private record Read(RegionPart part, ByteBuf tensor) {}

  private final List<Read> reads = new ArrayList<>(0);

  /**
   * One more.
   *
   * @param part this object's from here on, also where this throws
   * @return empty until {@link #run} has filled it; the caller's
   * @throws InferenceException RESOURCE_EXHAUSTED
   */
  public ByteBuf add(RegionPart part, TensorSource memory) throws InferenceException {
    try {
      ByteBuf tensor = memory.allocate(part.byteSize());
      reads.add(new Read(part, tensor));
      return tensor;
    } catch (InferenceException | RuntimeException e) {
      part.release();
      throw e;
    }
  }

  public boolean isEmpty() {
    return reads.isEmpty();
  }

  /** Brings them. Blocks. */
  public void run() throws InferenceException {
    for (Read read : reads) {
      read.part.read(read.tensor);
    }
  }

  /** Lets their regions go; does nothing the second time. */
  public void release() {
    reads.forEach(read -> read.part.release());
    reads.clear();
  }
}
