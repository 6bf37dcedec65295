package dev.nereid.backend.tensorrt;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Bytes outside the heap, of which there may be more than 2 GiB: a plan, on its way between a file
 * and TensorRT.
 *
 * @param memory to be freed by {@link #close}
 */
record NativeBytes(Memory memory) implements AutoCloseable {

  private static final int CHUNK_BYTES = 1 << 24;

  /** A copy of memory that belongs to somebody else. */
  static NativeBytes copyOf(long address, long byteSize) {
    NativeBytes bytes = new NativeBytes(new Memory(Math.max(1, byteSize)));
    Pointer source = new Pointer(address);
    for (long at = 0; at < byteSize; at += CHUNK_BYTES) {
      long length = Math.min(CHUNK_BYTES, byteSize - at);
      bytes.memory.getByteBuffer(at, length).put(source.getByteBuffer(at, length));
    }
    return bytes;
  }

  /** What a file holds from its position on, to its end. */
  static NativeBytes read(FileChannel file) throws IOException {
    long byteSize = file.size() - file.position();
    if (byteSize <= 0) {
      throw new EOFException("it is empty");
    }
    NativeBytes bytes = new NativeBytes(new Memory(byteSize));
    try {
      for (long at = 0; at < byteSize; at += CHUNK_BYTES) {
        ByteBuffer chunk = bytes.memory.getByteBuffer(at, Math.min(CHUNK_BYTES, byteSize - at));
        while (chunk.hasRemaining()) {
          if (file.read(chunk) < 0) {
            throw new EOFException("it became shorter while it was read");
          }
        }
      }
      return bytes;
    } catch (IOException e) {
      bytes.close();
      throw e;
    }
  }

  void write(FileChannel file) throws IOException {
    for (long at = 0; at < byteSize(); at += CHUNK_BYTES) {
      ByteBuffer chunk = memory.getByteBuffer(at, Math.min(CHUNK_BYTES, byteSize() - at));
      while (chunk.hasRemaining()) {
        file.write(chunk);
      }
    }
  }

  byte[] sha256() {
    MessageDigest digest = newSha256();
    for (long at = 0; at < byteSize(); at += CHUNK_BYTES) {
      digest.update(memory.getByteBuffer(at, Math.min(CHUNK_BYTES, byteSize() - at)));
    }
    return digest.digest();
  }

  static MessageDigest newSha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  long address() {
    return Pointer.nativeValue(memory);
  }

  long byteSize() {
    return memory.size();
  }

  @Override
  public void close() {
    memory.close();
  }
}
