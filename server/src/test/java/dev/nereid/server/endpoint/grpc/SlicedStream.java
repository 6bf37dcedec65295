package dev.nereid.server.endpoint.grpc;

import io.grpc.HasByteBuffer;
import io.grpc.KnownLength;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** A message in slices, as the transport shows it. */
final class SlicedStream extends InputStream implements KnownLength, HasByteBuffer {

  private final Deque<ByteBuffer> slices = new ArrayDeque<>();

  /**
   * @param sliceBytes the sizes of the slices, again from the first after the last; each above 0
   */
  SlicedStream(byte[] message, int... sliceBytes) {
    int at = 0;
    for (int i = 0; at < message.length; i++) {
      int size = Math.min(sliceBytes[i % sliceBytes.length], message.length - at);
      slices.add(ByteBuffer.wrap(message, at, size).slice().asReadOnlyBuffer());
      at += size;
    }
  }

  @Override
  public boolean byteBufferSupported() {
    return true;
  }

  @Override
  public @Nullable ByteBuffer getByteBuffer() {
    ByteBuffer first = slices.peek();
    return first == null ? null : first.slice();
  }

  @Override
  public int available() {
    return slices.stream().mapToInt(ByteBuffer::remaining).sum();
  }

  @Override
  public long skip(long count) {
    long left = count;
    while (left > 0 && !slices.isEmpty()) {
      ByteBuffer first = slices.element();
      int step = (int) Math.min(left, first.remaining());
      first.position(first.position() + step);
      left -= step;
      if (!first.hasRemaining()) {
        slices.remove();
      }
    }
    return count - left;
  }

  @Override
  public int read() {
    ByteBuffer first = slices.peek();
    if (first == null) {
      return -1;
    }
    int read = first.get() & 0xff;
    if (!first.hasRemaining()) {
      slices.remove();
    }
    return read;
  }

  @Override
  public int read(byte[] target, int offset, int length) {
    ByteBuffer first = slices.peek();
    if (first == null) {
      return length == 0 ? 0 : -1;
    }
    int size = Math.min(length, first.remaining());
    first.get(target, offset, size);
    if (!first.hasRemaining()) {
      slices.remove();
    }
    return size;
  }
}
