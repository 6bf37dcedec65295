package dev.nereid.client;

import io.grpc.Drainable;
import io.grpc.KnownLength;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Hands an {@link EncodedRequest} to gRPC, which asks for its length and drains it into its own
 * pooled direct buffers: one copy from an array, and from a direct buffer one through a small array
 * that each thread keeps.
 */
final class EncodedRequestStream extends InputStream implements KnownLength, Drainable {

  /** Stays in a core's cache between the copy in and the copy out. */
  private static final int CHUNK_BYTES = 16 * 1024;

  private static final ThreadLocal<byte[]> CHUNK =
      ThreadLocal.withInitial(() -> new byte[CHUNK_BYTES]);

  private final List<ByteBuffer> pieces;
  private int piece;
  private int offset;
  private int remaining;

  EncodedRequestStream(EncodedRequest request) {
    pieces = request.pieces();
    remaining = request.sizeBytes();
  }

  @Override
  public int available() {
    return remaining;
  }

  @Override
  public int drainTo(OutputStream target) throws IOException {
    int drained = remaining;
    while (remaining > 0) {
      ByteBuffer source = current();
      int length = source.limit() - offset;
      if (source.hasArray()) {
        target.write(source.array(), source.arrayOffset() + offset, length);
      } else {
        byte[] chunk = CHUNK.get();
        length = Math.min(length, chunk.length);
        source.get(offset, chunk, 0, length);
        target.write(chunk, 0, length);
      }
      advance(length);
    }
    return drained;
  }

  @Override
  public int read() {
    if (remaining == 0) {
      return -1;
    }
    int value = current().get(offset) & 0xff;
    advance(1);
    return value;
  }

  @Override
  public int read(byte[] target, int start, int length) {
    if (length == 0) {
      return 0;
    }
    if (remaining == 0) {
      return -1;
    }
    ByteBuffer source = current();
    int count = Math.min(length, source.limit() - offset);
    source.get(offset, target, start, count);
    advance(count);
    return count;
  }

  /** The piece with the next byte; only while there is one. */
  private ByteBuffer current() {
    while (offset == pieces.get(piece).limit()) {
      piece++;
      offset = 0;
    }
    return pieces.get(piece);
  }

  private void advance(int count) {
    offset += count;
    remaining -= count;
  }
}
