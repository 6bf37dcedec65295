package dev.nereid.backend.tensorflow.gpu;

import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import org.bytedeco.javacpp.BytePointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Native memory that stays in place, which a GPU reads four to five times as fast as other memory.
 * Where CUDA's runtime is not there, or will not lock it, ordinary memory. Belongs to one thread.
 */
public final class PageLockedMemory implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(PageLockedMemory.class);

  private static final String RUNTIME = "libcudart.so.12";
  private static final int PORTABLE = 1;
  private static final long PAGE = 4096;

  private final org.bytedeco.javacpp.Pointer allocated;
  private final BytePointer bytes;
  private final Optional<SharedLibrary> lockedBy;

  private PageLockedMemory(
      org.bytedeco.javacpp.Pointer allocated, BytePointer bytes, Optional<SharedLibrary> lockedBy) {
    this.allocated = allocated;
    this.bytes = bytes;
    this.lockedBy = lockedBy;
  }

  /**
   * Takes some milliseconds for every ten megabytes: make it once and use it again.
   *
   * @return of zeros, starting at a page; empty where there is no memory
   */
  public static Optional<PageLockedMemory> allocate(long byteSize) {
    return allocate(byteSize, RUNTIME);
  }

  static Optional<PageLockedMemory> allocate(long byteSize, String runtime) {
    long whole = Math.max(PAGE, (byteSize + PAGE - 1) / PAGE * PAGE);
    org.bytedeco.javacpp.Pointer allocated = org.bytedeco.javacpp.Pointer.malloc(whole + PAGE);
    if (allocated == null || allocated.isNull()) {
      return Optional.empty();
    }
    BytePointer bytes =
        new BytePointer(allocated).getPointer(-allocated.address() & (PAGE - 1)).capacity(byteSize);
    // Also puts its pages in place, which locking would have to do.
    org.bytedeco.javacpp.Pointer.memset(bytes, 0, whole);
    Optional<SharedLibrary> library =
        SharedLibrary.find(runtime).filter(found -> lock(found, bytes.address(), whole));
    return Optional.of(new PageLockedMemory(allocated, bytes, library));
  }

  private static boolean lock(SharedLibrary library, long address, long byteSize) {
    long result =
        library.callInt("cudaHostRegister", new Pointer(address), byteSize, PORTABLE).orElse(-1);
    if (result != 0) {
      log.warn(
          "{} bytes of memory are not page-locked, and the GPU reads them slower: cudaHostRegister gives {}",
          byteSize,
          result);
    }
    return result == 0;
  }

  /** Whether the GPU reads it at full speed. */
  public boolean isLocked() {
    return lockedBy.isPresent();
  }

  public long byteSize() {
    return bytes.capacity();
  }

  /** All of it, as bytes in native order; valid until this is closed. */
  public ByteBuffer buffer() {
    return bytes.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public void close() {
    lockedBy.ifPresent(
        library -> library.callInt("cudaHostUnregister", new Pointer(bytes.address())));
    org.bytedeco.javacpp.Pointer.free(allocated);
  }
}
