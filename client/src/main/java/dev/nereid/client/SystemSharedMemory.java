package dev.nereid.client;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A POSIX shared memory object, to put tensors in that a server on the same machine reads and
 * writes without their going through a connection:
 *
 * <pre>{@code
 * try (SystemSharedMemory memory = SystemSharedMemory.create("/my-tensors", 1 << 20)) {
 *   client.registerSystemSharedMemory("r", memory.key(), 0, memory.byteSize()).join();
 *   memory.bytes(0, 4).putFloat(42);
 *   client.infer(InferRequest.to("m")
 *       .input(InferInput.inSharedMemory("IN", DataType.FP32, shape, new SharedMemoryPart("r", 0, 4)))
 *       .output(RequestedOutput.inSharedMemory("OUT", new SharedMemoryPart("r", 64, 4)))
 *       .build()).join();
 *   float answer = memory.bytes(64, 4).getFloat();
 *   client.unregisterSystemSharedMemory("r").join();
 * }
 * }</pre>
 *
 * <p>Linux keeps such objects as files, which is how this gets at them, without native code. The
 * object's name goes when this is closed. Its memory goes when no process has it mapped any more;
 * this one maps it for as long as one of {@link #bytes} can be reached: a buffer never points to
 * memory that has gone.
 *
 * <p>Thread-safe; what the bytes say is up to those who write them.
 */
public final class SystemSharedMemory implements AutoCloseable {

  private static final Path FOLDER = Path.of("/dev/shm");

  private static final Pattern KEY = Pattern.compile("/[^/\0]{1,255}");

  private final String key;
  private final Path file;
  private final MappedByteBuffer memory;

  private SystemSharedMemory(String key, Path file, MappedByteBuffer memory) {
    this.key = key;
    this.file = file;
    this.memory = memory;
  }

  /**
   * Makes an object, of zeros, that processes of this user may open.
   *
   * @param key a slash and a name, which must be free: {@code /my-tensors}
   * @param byteSize 1 to 2^31-1
   * @throws IOException if the name is taken, or there is no room
   * @throws UnsupportedOperationException where the system keeps them elsewhere
   */
  public static SystemSharedMemory create(String key, long byteSize) throws IOException {
    if (!KEY.matcher(key).matches() || key.equals("/.") || key.equals("/..")) {
      throw new IllegalArgumentException("key: " + key + " (expected: / and a name without one)");
    }
    if (byteSize < 1 || byteSize > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "byteSize: " + byteSize + " (expected: 1.." + Integer.MAX_VALUE + ")");
    }
    if (!Files.isDirectory(FOLDER)) {
      throw new UnsupportedOperationException("no " + FOLDER + " (expected: Linux)");
    }
    Path file = FOLDER.resolve(key.substring(1));
    try (FileChannel channel =
        FileChannel.open(
            file,
            Set.of(
                StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
      reserve(channel, file, byteSize);
      return new SystemSharedMemory(
          key, file, channel.map(FileChannel.MapMode.READ_WRITE, 0, byteSize));
    } catch (IOException e) {
      if (!(e instanceof java.nio.file.FileAlreadyExistsException)) {
        Files.deleteIfExists(file);
      }
      throw e;
    }
  }

  /** Memory that is not there is noticed here, and not by a signal when it is touched. */
  private static void reserve(FileChannel channel, Path file, long byteSize) throws IOException {
    long free = Files.getFileStore(file).getUsableSpace();
    if (byteSize > free) {
      throw new IOException(
          "%s: %d bytes (expected: at most the %d that are free)".formatted(file, byteSize, free));
    }
    channel.write(ByteBuffer.allocate(1), byteSize - 1);
  }

  /** What a server opens it by. */
  public String key() {
    return key;
  }

  public long byteSize() {
    return memory.capacity();
  }

  /**
   * A part of it, little-endian.
   *
   * @return position 0, limit {@code byteSize}
   */
  public ByteBuffer bytes(long offset, long byteSize) {
    if (offset < 0 || byteSize < 0 || byteSize > memory.capacity() - offset) {
      throw new IndexOutOfBoundsException(
          "%d bytes at %d (expected: within %d)".formatted(byteSize, offset, memory.capacity()));
    }
    return memory.slice((int) offset, (int) byteSize).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Takes its name away; the second time does nothing. Unregister it first. */
  @Override
  public void close() throws IOException {
    Files.deleteIfExists(file);
  }
}
