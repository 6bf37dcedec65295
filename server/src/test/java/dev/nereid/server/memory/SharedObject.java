package dev.nereid.server.memory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * A POSIX shared memory object as a client makes it; gone when closed. Linux keeps them as files.
 */
public final class SharedObject implements AutoCloseable {

  private static final Path FOLDER = Path.of("/dev/shm");

  private final String key;
  private final Path file;
  private final FileChannel channel;
  private final ByteBuffer bytes;

  private SharedObject(String name, long size) throws IOException {
    key = "/" + name;
    file = FOLDER.resolve(name);
    channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
    bytes = channel.map(FileChannel.MapMode.READ_WRITE, 0, size).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** One of a name that no other has. */
  public static SharedObject create(long size) {
    try {
      return new SharedObject("nereid-test-" + UUID.randomUUID(), size);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public String key() {
    return key;
  }

  /** Its memory, little-endian; position 0. */
  public ByteBuffer bytes() {
    return bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Writes four bytes each. */
  public void putInts(int offset, int... values) {
    bytes().position(offset).slice().order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().put(values);
  }

  public int[] ints(int offset, int count) {
    int[] values = new int[count];
    bytes().position(offset).slice().order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(values);
    return values;
  }

  /** Takes the end of it away. */
  public void shorten(long size) {
    try {
      channel.truncate(size);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
      Files.delete(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
