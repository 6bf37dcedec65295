package dev.nereid.server.endpoint.grpc;

import io.grpc.HasByteBuffer;
import io.grpc.KnownLength;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads a message from the slices that it lies in, without gathering them first. One of 600 KB
 * comes from the transport in some 50 of them.
 */
final class SliceReader {

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final Slices slices;
  private ByteBuffer slice = NOTHING;
  private int remaining;

  private SliceReader(Slices slices, int size) {
    this.slices = slices;
    this.remaining = size;
  }

  /** One slice after the other. */
  private interface Slices {
    /** The next one; null or an empty one after the last. */
    @Nullable ByteBuffer next() throws IOException;
  }

  /** Whether {@code stream} shows its slices; a decompressed message does not. */
  static boolean canRead(InputStream stream) {
    return stream instanceof KnownLength
        && stream instanceof HasByteBuffer buffers
        && buffers.byteBufferSupported();
  }

  /** Reads from the position of a stream that shows its slices to its end. */
  static SliceReader of(InputStream stream) throws IOException {
    return new SliceReader(new StreamSlices(stream), stream.available());
  }

  /** Reads what is readable in {@code parts}, which stay as they are. */
  static SliceReader of(List<ByteBuf> parts) {
    Iterator<ByteBuf> rest = parts.iterator();
    int size = 0;
    for (ByteBuf part : parts) {
      size = Math.addExact(size, part.readableBytes());
    }
    return new SliceReader(() -> rest.hasNext() ? rest.next().nioBuffer() : null, size);
  }

  /** Bytes left. */
  int remaining() {
    return remaining;
  }

  byte readByte() throws IOException {
    if (!slice.hasRemaining()) {
      nextSlice();
    }
    remaining--;
    return slice.get();
  }

  /** A varint's low 64 bits, as generated parsers read it: at most 10 bytes. */
  long readVarint() throws IOException {
    long value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      byte b = readByte();
      value |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw new MalformedMessageException("a varint of more than 10 bytes");
  }

  /**
   * A length that the rest of the message really has.
   *
   * @throws MalformedMessageException if it claims more, or less than nothing
   */
  int readLength() throws IOException {
    int length = (int) readVarint();
    if (length < 0 || length > remaining) {
      throw new MalformedMessageException(
          "length: " + Integer.toUnsignedString(length) + " (expected: at most " + remaining + ")");
    }
    return length;
  }

  /** Appends the next bytes to {@code target}. */
  void read(ByteBuf target, int length) throws IOException {
    int left = length;
    while (left > 0) {
      ByteBuffer part = next(left);
      left -= part.remaining();
      target.writeBytes(part);
    }
  }

  /** Puts the next bytes into {@code target}. */
  void read(byte[] target, int offset, int length) throws IOException {
    int at = offset;
    while (at < offset + length) {
      ByteBuffer part = next(offset + length - at);
      int size = part.remaining();
      part.get(target, at, size);
      at += size;
    }
  }

  /** Up to so many bytes, which count as read. */
  private ByteBuffer next(int atMost) throws IOException {
    if (!slice.hasRemaining()) {
      nextSlice();
    }
    int size = Math.min(atMost, slice.remaining());
    ByteBuffer part = slice.slice(slice.position(), size);
    slice.position(slice.position() + size);
    remaining -= size;
    return part;
  }

  private void nextSlice() throws IOException {
    if (remaining == 0) {
      throw new MalformedMessageException("the message ends too early");
    }
    @Nullable ByteBuffer shown = slices.next();
    if (shown == null || !shown.hasRemaining()) {
      throw new IOException("stream: ended " + remaining + " bytes early");
    }
    slice = shown;
  }

  /** Those of a stream, which shows each until it was skipped. */
  private static final class StreamSlices implements Slices {

    private final InputStream stream;
    private final HasByteBuffer buffers;
    private int taken;

    StreamSlices(InputStream stream) {
      this.stream = stream;
      this.buffers = (HasByteBuffer) stream;
    }

    @Override
    public @Nullable ByteBuffer next() throws IOException {
      if (taken > 0 && stream.skip(taken) != taken) {
        return null;
      }
      ByteBuffer shown = buffers.getByteBuffer();
      taken = shown == null ? 0 : shown.remaining();
      return shown;
    }
  }
}
