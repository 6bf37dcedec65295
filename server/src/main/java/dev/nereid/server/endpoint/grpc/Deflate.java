package dev.nereid.server.endpoint.grpc;

import io.grpc.Decompressor;
import java.io.InputStream;
import java.util.zip.InflaterInputStream;

/** Requests in gRPC's {@code deflate}, which C++ and Python clients offer and grpc-java lacks. */
final class Deflate implements Decompressor {

  @Override
  public String getMessageEncoding() {
    return "deflate";
  }

  @Override
  public InputStream decompress(InputStream compressed) {
    return new InflaterInputStream(compressed);
  }
}
