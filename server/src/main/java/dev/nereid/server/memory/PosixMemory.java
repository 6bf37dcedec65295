package dev.nereid.server.memory;

import com.sun.jna.Function;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * The C library's calls for POSIX shared memory. Thread-safe.
 *
 * <p>By JNA rather than by a channel on {@code /dev/shm}: that is {@code shm_open}'s own business,
 * a mapping of Java's ends at 2 GiB, and it is undone when the collector likes to.
 */
final class PosixMemory {

  private static final int O_RDWR = 2;
  private static final int OWNER_ONLY = 0600;
  private static final int SEEK_END = 2;
  private static final int READ_AND_WRITE = 1 | 2;
  private static final int MAP_SHARED = 1;
  private static final long MAP_FAILED = -1;

  private static final Function SHM_OPEN;

  static {
    NativeLibrary c = NativeLibrary.getInstance("c");
    Native.register(PosixMemory.class, c);
    SHM_OPEN = shmOpen(c);
  }

  private PosixMemory() {}

  /**
   * Binds the calls, which is not done by merely naming this class.
   *
   * @throws UnsupportedOperationException with the reason where that fails
   */
  static void load() {
    try {
      getpagesize();
    } catch (LinkageError e) {
      throw new UnsupportedOperationException("shared memory by JNA: " + e, e);
    }
  }

  /** Before glibc 2.34 it is in a library of its own. */
  private static Function shmOpen(NativeLibrary c) {
    try {
      return c.getFunction("shm_open");
    } catch (UnsatisfiedLinkError notThere) {
      return NativeLibrary.getInstance("rt").getFunction("shm_open");
    }
  }

  private static native int close(int descriptor);

  private static native long lseek(int descriptor, long offset, int from);

  private static native long mmap(
      long address, long length, int protection, int flags, int descriptor, long offset);

  private static native int munmap(long address, long length);

  private static native int getpagesize();

  /**
   * Opens an object to read and write; it stays closed to programs that this process starts.
   *
   * @param name without a NUL
   */
  static int open(String name) throws IOException {
    byte[] text = (name + '\0').getBytes(StandardCharsets.UTF_8);
    int descriptor = SHM_OPEN.invokeInt(new Object[] {text, O_RDWR, OWNER_ONLY});
    if (descriptor < 0) {
      throw failed("shm_open");
    }
    return descriptor;
  }

  /** Bytes of an object as it is now. */
  static long size(int descriptor) throws IOException {
    long size = lseek(descriptor, 0, SEEK_END);
    if (size < 0) {
      throw failed("lseek");
    }
    return size;
  }

  /**
   * Maps a part of an object.
   *
   * @param offset a multiple of {@link #pageBytes}
   * @param length more than 0
   * @return its address
   */
  static long map(int descriptor, long offset, long length) throws IOException {
    long address = mmap(0, length, READ_AND_WRITE, MAP_SHARED, descriptor, offset);
    if (address == MAP_FAILED) {
      throw failed("mmap");
    }
    return address;
  }

  static void unmap(long address, long length) throws IOException {
    if (munmap(address, length) != 0) {
      throw failed("munmap");
    }
  }

  static void closeDescriptor(int descriptor) throws IOException {
    if (close(descriptor) != 0) {
      throw failed("close");
    }
  }

  static int pageBytes() {
    return getpagesize();
  }

  private static IOException failed(String call) {
    return new IOException(call + ": errno " + Native.getLastError());
  }
}
