package dev.nereid.backend.tensorflow.engines;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;
import org.tensorflow.proto.TensorShapeProto;

/** Writes files of engines as TF-TRT does, with anything in the engines' place. */
final class EngineRecords {

  private EngineRecords() {}

  static byte[] of(long... batchSizes) throws IOException {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    for (long batchSize : batchSizes) {
      byte[] message = message(batchSize);
      byte[] length =
          ByteBuffer.allocate(Long.BYTES)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putLong(message.length)
              .array();
      file.write(length);
      file.write(checksum(length));
      file.write(message);
      file.write(checksum(message));
    }
    return file.toByteArray();
  }

  private static byte[] message(long batchSize) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    for (long other : new long[] {224, 7}) {
      out.writeMessage(
          1,
          TensorShapeProto.newBuilder()
              .addDim(TensorShapeProto.Dim.newBuilder().setSize(batchSize))
              .addDim(TensorShapeProto.Dim.newBuilder().setSize(other))
              .build());
    }
    out.writeBytes(2, ByteString.copyFromUtf8("an engine for " + batchSize));
    out.flush();
    return bytes.toByteArray();
  }

  private static byte[] checksum(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return ByteBuffer.allocate(Integer.BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(EngineFile.masked((int) crc.getValue()))
        .array();
  }
}
