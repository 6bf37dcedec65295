package dev.nereid.server.endpoint.grpc;

import io.grpc.HasByteBuffer;
import io.grpc.KnownLength;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Reads a message from the slices that the transport received it in, without gathering them first.
 * A message of 600 KB comes in some 50 of them.
 */
final class SliceReader {

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final InputStream stream;
  private final HasByteBuffer slices;
  private ByteBuffer slice = NOTHING;
  private int taken;
  private int remaining;

  /** Whether {@code stream} shows its slices; a decompressed message does not. */
  static boolean canRead(InputStream stream) {
    return stream instanceof KnownLength
        && stream instanceof HasByteBuffer buffers
        && buffers.byteBufferSupported();
  }

  /** Reads from the stream's position to its end. */
  SliceReader(InputStream stream) throws IOException {
    this.stream = stream;
    this.slices = (HasByteBuffer) stream;
    this.remaining = stream.available();
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
    // The stream shows a slice until it was skipped.
    if (taken > 0 && stream.skip(taken) != taken) {
      throw new IOException("stream: ended " + remaining + " bytes early");
    }
    @Nullable ByteBuffer shown = slices.getByteBuffer();
    if (shown == null || !shown.hasRemaining()) {
      throw new IOException("stream: ended " + remaining + " bytes early");
    }
    slice = shown;
    taken = shown.remaining();
  }
}
