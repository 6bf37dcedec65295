package dev.nereid.server.endpoint.grpc;

import io.grpc.Decompressor;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Requests in gzip. grpc-java's own reads the header of the format before anyone asked for a byte,
 * where nobody can answer a client that sent something else.
 */
final class Gunzip implements Decompressor {

  @Override
  public String getMessageEncoding() {
    return "gzip";
  }

  @Override
  public InputStream decompress(InputStream compressed) {
    return new Inflated(compressed);
  }

  private static final class Inflated extends InputStream {

    private final InputStream compressed;
    private @Nullable InputStream inflated;

    Inflated(InputStream compressed) {
      this.compressed = compressed;
    }

    private InputStream inflated() throws IOException {
      if (inflated == null) {
        inflated = new GZIPInputStream(compressed);
      }
      return inflated;
    }

    @Override
    public int read() throws IOException {
      return inflated().read();
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      return inflated().read(target, offset, length);
    }

    @Override
    public void close() throws IOException {
      (inflated == null ? compressed : inflated).close();
    }
  }
}
