package dev.nereid.client;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.nereid.protocol.ModelInferResponse;
import io.grpc.KnownLength;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Reads one ModelInferResponse from the wire: walks over its fields, takes each of {@code
 * raw_output_contents} into an array of exactly its size, or steps over it, and leaves the rest,
 * which is small, to the generated parser.
 *
 * <p>The generated parser alone would copy large messages twice.
 */
final class ResponseReader {

  private static final int RAW_OUTPUT_CONTENTS_TAG =
      (ModelInferResponse.RAW_OUTPUT_CONTENTS_FIELD_NUMBER << 3) | 2;
  private static final int VARINT = 0;
  private static final int FIXED_64 = 1;
  private static final int LENGTH_DELIMITED = 2;
  private static final int FIXED_32 = 5;
  private static final int LONGEST_VARINT_BYTES = 10;

  private final InputStream stream;
  private final ResponseData responseData;
  private long remaining;

  private byte[] head = new byte[256];
  private int headBytes;
  private final List<RawOutput> rawOutputs = new ArrayList<>(1);

  private ResponseReader(InputStream stream, int sizeBytes, ResponseData responseData) {
    this.stream = stream;
    this.remaining = sizeBytes;
    this.responseData = responseData;
  }

  /** Never throws for what the bytes say. */
  static InferResponse read(InputStream stream, ResponseData responseData) {
    try {
      // A compressed message does not know its length.
      InputStream sized =
          stream instanceof KnownLength ? stream : new ByteArrayInputStream(stream.readAllBytes());
      ResponseReader reader = new ResponseReader(sized, sized.available(), responseData);
      reader.walk();
      ModelInferResponse response =
          ModelInferResponse.parser().parseFrom(reader.head, 0, reader.headBytes);
      return ResultBuilder.build(response, reader.rawOutputs);
    } catch (InvalidProtocolBufferException e) {
      return new InferResponse.Malformed("response: " + e.getMessage());
    } catch (IOException e) {
      return new InferResponse.Malformed("response: " + e);
    }
  }

  private void walk() throws IOException {
    while (remaining > 0) {
      long tag = readVarint();
      if (tag == RAW_OUTPUT_CONTENTS_TAG) {
        readRawOutput(readLength());
        continue;
      }
      writeVarint(tag);
      switch ((int) (tag & 7)) {
        case VARINT -> writeVarint(readVarint());
        case FIXED_64 -> copyToHead(8);
        case FIXED_32 -> copyToHead(4);
        case LENGTH_DELIMITED -> {
          int length = readLength();
          writeVarint(length);
          copyToHead(length);
        }
        default ->
            throw new InvalidProtocolBufferException("tag: " + tag + " (expected: a field's)");
      }
    }
  }

  private void readRawOutput(int length) throws IOException {
    remaining -= length;
    if (responseData == ResponseData.SKIP) {
      stream.skipNBytes(length);
      rawOutputs.add(new RawOutput(length, null));
      return;
    }
    byte[] data = new byte[length];
    readFully(data, 0, length);
    rawOutputs.add(new RawOutput(length, ByteBuffer.wrap(data).asReadOnlyBuffer()));
  }

  /** A length that the message has room for. */
  private int readLength() throws IOException {
    long length = readVarint();
    if (length < 0 || length > remaining) {
      throw new InvalidProtocolBufferException(
          "length: "
              + Long.toUnsignedString(length)
              + " (expected: at most the "
              + remaining
              + " bytes left)");
    }
    return (int) length;
  }

  private long readVarint() throws IOException {
    long value = 0;
    for (int i = 0; i < LONGEST_VARINT_BYTES; i++) {
      int next = remaining > 0 ? stream.read() : -1;
      if (next < 0) {
        throw new EOFException("ends inside a number");
      }
      remaining--;
      value |= (long) (next & 0x7f) << (7 * i);
      if (next < 0x80) {
        return value;
      }
    }
    throw new InvalidProtocolBufferException(
        "number: longer than " + LONGEST_VARINT_BYTES + " bytes (expected: at most that)");
  }

  private void writeVarint(long value) {
    reserveHead(LONGEST_VARINT_BYTES);
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      head[headBytes++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    head[headBytes++] = (byte) rest;
  }

  private void copyToHead(int length) throws IOException {
    reserveHead(length);
    remaining -= length;
    readFully(head, headBytes, length);
    headBytes += length;
  }

  private void readFully(byte[] target, int start, int length) throws IOException {
    if (stream.readNBytes(target, start, length) < length) {
      throw new EOFException("ends inside a field");
    }
  }

  private void reserveHead(int more) {
    if (head.length - headBytes < more) {
      head = Arrays.copyOf(head, Math.max(head.length * 2, headBytes + more));
    }
  }
}
