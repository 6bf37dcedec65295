package dev.nereid.server.endpoint.grpc;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A message's fields but for its tensors, gathered so that generated code can parse them. Reused
 * from message to message by one thread.
 */
final class MessageHeader {

  private static final int INITIAL_BYTES = 4 << 10;

  /** A larger one, as typed contents make it, is not kept. */
  private static final int LARGEST_KEPT_BYTES = 1 << 20;

  private byte[] bytes = new byte[INITIAL_BYTES];
  private int size;

  void clear() {
    size = 0;
    if (bytes.length > LARGEST_KEPT_BYTES) {
      bytes = new byte[INITIAL_BYTES];
    }
  }

  byte[] bytes() {
    return bytes;
  }

  int size() {
    return size;
  }

  void writeVarint(int value) {
    reserve(5);
    int rest = value;
    while ((rest & ~0x7f) != 0) {
      bytes[size++] = (byte) ((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    bytes[size++] = (byte) rest;
  }

  /** A varint as it stands in the message. */
  void copyVarint(SliceReader from) throws IOException {
    reserve(10);
    for (int i = 0; i < 10; i++) {
      byte b = from.readByte();
      bytes[size++] = b;
      if (b >= 0) {
        return;
      }
    }
    throw new MalformedMessageException("a varint of more than 10 bytes");
  }

  /** The next bytes of the message; there must be as many. */
  void copy(SliceReader from, int length) throws IOException {
    if (length > from.remaining()) {
      throw new MalformedMessageException("the message ends too early");
    }
    reserve(length);
    from.read(bytes, size, length);
    size += length;
  }

  /** The last bytes, as a text. */
  String lastText(int length) {
    return new String(bytes, size - length, length, StandardCharsets.UTF_8);
  }

  private void reserve(int more) {
    if (more > bytes.length - size) {
      // Never more than was received: the length was checked.
      bytes = Arrays.copyOf(bytes, Math.max(size + more, (int) Math.min(2L * size, 1L << 30)));
    }
  }
}
