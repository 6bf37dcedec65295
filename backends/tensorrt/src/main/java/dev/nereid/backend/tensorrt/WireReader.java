package dev.nereid.backend.tensorrt;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Walks the fields of one protobuf message, without classes for it: of a model's file a few fields
 * are wanted, and not the hundreds of megabytes of weights between them.
 */
final class WireReader {

  private final FileWindow bytes;
  private final long end;
  private long position;
  private long start;
  private int field;
  private int wireType;

  /** The message that a file is. */
  WireReader(FileWindow file) {
    this(file, 0, file.byteSize());
  }

  private WireReader(FileWindow bytes, long start, long end) {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
  }

  /** Where a field stands in the file. */
  record Range(long start, long length) {}

  /** Goes to the next field; false at the message's end. Its value must be read, or skipped. */
  boolean next() throws IOException {
    if (position == end) {
      return false;
    }
    start = position;
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
  long number() throws IOException {
    if (wireType != 0) {
      throw new MalformedException("field " + field + " is not a number");
    }
    return varint();
  }

  String text() throws IOException {
    long length = length();
    String text = new String(bytes.copy(position, Math.toIntExact(length)), StandardCharsets.UTF_8);
    position += length;
    return text;
  }

  /** The message that the field's value is; this reader goes on behind it. */
  WireReader message() throws IOException {
    long length = length();
    WireReader message = new WireReader(bytes, position, position + length);
    position += length;
    return message;
  }

  void skip() throws IOException {
    switch (wireType) {
      case 0 -> varint();
      case 1 -> advance(Long.BYTES);
      case 2 -> advance(varint());
      case 5 -> advance(Integer.BYTES);
      default -> throw new MalformedException("field " + field + " of wire type " + wireType);
    }
  }

  /** The field as it stands, number and value, once its value was read or skipped. */
  Range whole() {
    return new Range(start, position - start);
  }

  /** Of a text or a message, which is there in full. */
  private long length() throws IOException {
    if (wireType != 2) {
      throw new MalformedException("field " + field + " is not a message");
    }
    return inFull(varint());
  }

  private void advance(long length) throws IOException {
    position += inFull(length);
  }

  private long inFull(long length) throws MalformedException {
    if (length < 0 || length > end - position) {
      throw new MalformedException("field " + field + " is cut off");
    }
    return length;
  }

  private long varint() throws IOException {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      if (position == end) {
        throw new MalformedException("a number is cut off");
      }
      byte next = bytes.at(position++);
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new MalformedException("a number of more than 64 bits");
  }

  /** The bytes are no such message. */
  static final class MalformedException extends IOException {
    private static final long serialVersionUID = 1L;

    MalformedException(String message) {
      super(message);
    }
  }
}
