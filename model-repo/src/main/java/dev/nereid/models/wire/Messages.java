package dev.nereid.models.wire;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.MessageLite;
import java.io.IOException;
import java.io.OutputStream;

/** Protobuf messages as bytes. */
public final class Messages {

  private static final int BUFFER_BYTES = 1 << 16;

  private Messages() {}

  /** The same message gives the same bytes: maps are written in the order of their keys. */
  public static void write(MessageLite message, OutputStream stream) throws IOException {
    CodedOutputStream output = CodedOutputStream.newInstance(stream, BUFFER_BYTES);
    output.useDeterministicSerialization();
    message.writeTo(output);
    output.flush();
  }
}
