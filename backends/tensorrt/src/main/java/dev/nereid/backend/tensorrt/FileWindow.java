package dev.nereid.backend.tensorrt;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/**
 * A file's bytes by their position, some of them at a time. A mapping would stay with the process
 * until the garbage collector comes by. Belongs to one thread; the channel stays the caller's.
 */
final class FileWindow {

  private static final int BYTES = 1 << 13;

  private final FileChannel file;
  private final long byteSize;
  private final ByteBuffer window = ByteBuffer.allocate(BYTES).limit(0);
  private long start;

  FileWindow(FileChannel file) throws IOException {
    this.file = file;
    this.byteSize = file.size();
  }

  long byteSize() {
    return byteSize;
  }

  byte at(long position) throws IOException {
    if (position < start || position >= start + window.limit()) {
      start = position;
      read(window.clear().limit((int) Math.min(BYTES, byteSize - position)), position);
    }
    return window.get((int) (position - start));
  }

  byte[] copy(long position, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    read(bytes, position);
    return bytes.array();
  }

  private void read(ByteBuffer bytes, long position) throws IOException {
    while (bytes.hasRemaining()) {
      if (file.read(bytes, position + bytes.position()) < 0) {
        throw new EOFException("it became shorter while it was read");
      }
    }
  }
}
