package dev.nereid.microbench;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import dev.nereid.backend.RepeatedBatch;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Direct buffers that start at a page, page-locked where CUDA's runtime 12 is there. */
final class PinnedBuffers implements RepeatedBatch.Memory {

  private static final int PAGE = 4096;
  private static final int PORTABLE = 1;

  private final @Nullable NativeLibrary runtime = runtime();
  private final List<Pointer> locked = new ArrayList<>();

  private static @Nullable NativeLibrary runtime() {
    try {
      return NativeLibrary.getInstance("libcudart.so.12");
    } catch (UnsatisfiedLinkError e) {
      return null;
    }
  }

  @Override
  public ByteBuffer allocate(int byteSize) {
    int whole = (Math.max(1, byteSize) + PAGE - 1) / PAGE * PAGE;
    ByteBuffer pages = ByteBuffer.allocateDirect(whole + PAGE).alignedSlice(PAGE);
    Pointer pointer = Native.getDirectBufferPointer(pages);
    if (runtime != null) {
      int result =
          runtime
              .getFunction("cudaHostRegister")
              .invokeInt(new Object[] {pointer, (long) whole, PORTABLE});
      if (result == 0) {
        locked.add(pointer);
      } else {
        System.err.println("not page-locked: cudaHostRegister gives " + result);
      }
    }
    return pages.slice(0, byteSize).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public void close() {
    if (runtime != null) {
      for (Pointer pointer : locked) {
        runtime.getFunction("cudaHostUnregister").invokeInt(new Object[] {pointer});
      }
      locked.clear();
    }
  }
}
