package dev.nereid.server.endpoint.grpc;

import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;

/**
 * A message made of buffers that it does not own, read from their reader indices, which stay. Of
 * use while they are.
 *
 * <p>The transport asks it to drain itself, piece by piece: its streams take nothing but arrays.
 */
final class AnswerStream extends InputStream implements KnownLength, Drainable {

  private final List<ByteBuf> parts;
  private int part;
  private int partOffset;
  private int remaining;

  AnswerStream(List<ByteBuf> parts, int size) {
    this.parts = parts;
    this.remaining = size;
  }

  @Override
  public int available() {
    return remaining;
  }

  @Override
  public int drainTo(OutputStream target) throws IOException {
    int drained = remaining;
    byte[] piece = Pieces.array();
    for (int size = read(piece, 0, piece.length); size >= 0; size = read(piece, 0, piece.length)) {
      target.write(piece, 0, size);
    }
    return drained;
  }

  @Override
  public int read() {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) {
    if (remaining == 0) {
      return length == 0 ? 0 : -1;
    }
    int read = 0;
    while (read < length && remaining > 0) {
      ByteBuf current = parts.get(part);
      int size = Math.min(length - read, current.readableBytes() - partOffset);
      current.getBytes(current.readerIndex() + partOffset, target, offset + read, size);
      read += size;
      partOffset += size;
      remaining -= size;
      if (partOffset == current.readableBytes()) {
        part++;
        partOffset = 0;
      }
    }
    return read;
  }
}
