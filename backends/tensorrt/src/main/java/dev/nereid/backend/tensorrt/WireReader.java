package dev.nereid.backend.tensorrt;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Walks the fields of one protobuf message, without classes for it: of a model's file a few fields
 * are wanted, and not the hundreds of megabytes of weights between them.
 */
final class WireReader {

  private final ByteBuffer bytes;
  private int start;
  private int field;
  private int wireType;

  /**
   * @param bytes of the message, from position to limit; neither is moved
   */
  WireReader(ByteBuffer bytes) {
    this.bytes = bytes.slice();
  }

  /** Goes to the next field; false at the message's end. Its value must be read, or skipped. */
  boolean next() throws MalformedException {
    if (!bytes.hasRemaining()) {
      return false;
    }
    start = bytes.position();
    long tag = varint();
    field = (int) (tag >>> 3);
    wireType = (int) tag & 7;
    if (field == 0) {
      throw new MalformedException("a field without a number");
    }
    return true;
  }

  int field() {
    return field;
  }

  /** A number's value. */
  long number() throws MalformedException {
    if (wireType != 0) {
      throw new MalformedException("field " + field + " is not a number");
    }
    return varint();
  }

  String text() throws MalformedException {
    return StandardCharsets.UTF_8.decode(view()).toString();
  }

  WireReader message() throws MalformedException {
    return new WireReader(view());
  }

  void skip() throws MalformedException {
    switch (wireType) {
      case 0 -> varint();
      case 1 -> advance(Long.BYTES);
      case 2 -> advance(varint());
      case 5 -> advance(Integer.BYTES);
      default -> throw new MalformedException("field " + field + " of wire type " + wireType);
    }
  }

  /** The field as it stands, number and value, once its value was read or skipped. */
  ByteBuffer whole() {
    return bytes.slice(start, bytes.position() - start);
  }

  private ByteBuffer view() throws MalformedException {
    if (wireType != 2) {
      throw new MalformedException("field " + field + " is not a message");
    }
    long length = varint();
    int start = bytes.position();
    advance(length);
    return bytes.slice(start, (int) length);
  }

  private void advance(long length) throws MalformedException {
    if (length < 0 || length > bytes.remaining()) {
      throw new MalformedException("field " + field + " is cut off");
    }
    bytes.position(bytes.position() + (int) length);
  }

  private long varint() throws MalformedException {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      if (!bytes.hasRemaining()) {
        throw new MalformedException("a number is cut off");
      }
      byte next = bytes.get();
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new MalformedException("a number of more than 64 bits");
  }

  /** The bytes are no such message. */
  static final class MalformedException extends Exception {
    private static final long serialVersionUID = 1L;

    MalformedException(String message) {
      super(message);
    }
  }
}
