package dev.nereid.backend.tensorflow.engines;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.ExtensionRegistryLite;
import com.google.protobuf.WireFormat;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.CRC32C;
import org.tensorflow.proto.TensorShapeProto;

/**
 * What {@code SerializeTRTResource} writes: a TFRecord file with an engine a record, each a message
 * of input shapes (field 1) and the engine's bytes (field 2). An engine that could not be built is
 * not in it.
 *
 * @param batchSizes of its engines
 */
public record EngineFile(Set<Long> batchSizes) {

  private static final int HEADER = Long.BYTES + Integer.BYTES;
  private static final int CHUNK = 1 << 20;
  private static final int SHAPES = 1;
  private static final int ENGINE = 2;
  private static final int MASK_DELTA = 0xa282ead8;

  public EngineFile {
    batchSizes = Set.copyOf(batchSizes);
  }

  /**
   * @throws IOException if it is cut off, or its checksums or messages are wrong
   */
  public static EngineFile read(Path file) throws IOException {
    Set<Long> sizes = new TreeSet<>();
    try (FileChannel channel = FileChannel.open(file)) {
      long at = 0;
      while (at < channel.size()) {
        ByteBuffer header = bytes(channel, at, HEADER);
        long length = header.getLong(0);
        check(channel, at, Long.BYTES, header.getInt(Long.BYTES));
        if (length < 0 || length > channel.size() - at - HEADER - Integer.BYTES) {
          throw new IOException(file + ": a record at " + at + " is cut off");
        }
        if (length > Integer.MAX_VALUE) {
          throw new IOException(
              file + ": a record of " + length + " bytes (expected: below 2 GiB)");
        }
        long data = at + HEADER;
        check(channel, data, length, bytes(channel, data + length, Integer.BYTES).getInt(0));
        sizes.add(batchSize(channel, data, length));
        at = data + length + Integer.BYTES;
      }
    }
    return new EngineFile(sizes);
  }

  /** Read, not mapped: a mapping would stay until the garbage collector comes by. */
  private static ByteBuffer bytes(FileChannel channel, long at, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, at + bytes.position()) < 0) {
        throw new EOFException("a record ends behind the file");
      }
    }
    return bytes.flip();
  }

  private static void check(FileChannel channel, long at, long length, int expected)
      throws IOException {
    CRC32C crc = new CRC32C();
    for (long done = 0; done < length; done += CHUNK) {
      crc.update(bytes(channel, at + done, (int) Math.min(CHUNK, length - done)));
    }
    if (masked((int) crc.getValue()) != expected) {
      throw new IOException("a record at " + at + " has another checksum than it says");
    }
  }

  /** As TFRecord files have their checksums. */
  static int masked(int crc) {
    return Integer.rotateRight(crc, 15) + MASK_DELTA;
  }

  private static long batchSize(FileChannel channel, long at, long length) throws IOException {
    // Its stream would close the channel.
    CodedInputStream in =
        CodedInputStream.newInstance(Channels.newInputStream(channel.position(at)));
    int unused = in.pushLimit((int) length);
    long size = 0;
    boolean engine = false;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      int field = WireFormat.getTagFieldNumber(tag);
      if (field == SHAPES && size == 0) {
        TensorShapeProto shape =
            TensorShapeProto.parseFrom(in.readBytes(), ExtensionRegistryLite.getEmptyRegistry());
        size = shape.getDimCount() == 0 ? 0 : shape.getDim(0).getSize();
      } else {
        engine |= field == ENGINE;
        in.skipField(tag);
      }
    }
    if (!engine) {
      throw new IOException("a record has no engine");
    }
    return size;
  }
}
