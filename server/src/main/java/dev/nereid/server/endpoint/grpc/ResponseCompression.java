package dev.nereid.server.endpoint.grpc;

import io.grpc.Codec;
import io.grpc.Compressor;
import io.grpc.CompressorRegistry;
import io.grpc.ServerCall;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Locale;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/**
 * How hard ModelInfer's responses are compressed, with gzip, for clients that accept it: {@code
 * --grpc-infer-response-compression-level}.
 */
public enum ResponseCompression {
  NONE(Deflater.NO_COMPRESSION),
  LOW(Deflater.BEST_SPEED),
  MEDIUM(6),
  HIGH(Deflater.BEST_COMPRESSION);

  private static final String GZIP = "gzip";

  private final int level;

  ResponseCompression(int level) {
    this.level = level;
  }

  /**
   * The level of that name, as the flag has it.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static ResponseCompression ofFlag(String value) {
    for (ResponseCompression compression : values()) {
      if (compression.name().toLowerCase(Locale.ROOT).equals(value)) {
        return compression;
      }
    }
    throw new IllegalArgumentException(
        "--grpc-infer-response-compression-level: "
            + value
            + " (expected: none, low, medium or high)");
  }

  /** The codecs that the server answers with. */
  CompressorRegistry registry() {
    CompressorRegistry registry = CompressorRegistry.newEmptyInstance();
    registry.register(Codec.Identity.NONE);
    if (this == NONE) {
      registry.register(new Codec.Gzip());
    } else {
      registry.register(new Gzip(level));
    }
    return registry;
  }

  /** Tells a call, before its headers are sent. */
  void apply(ServerCall<?, ?> call) {
    if (this != NONE) {
      call.setCompression(GZIP);
      call.setMessageCompression(true);
    }
  }

  /** gzip of a given level; grpc's own has the default one. */
  private record Gzip(int level) implements Compressor {

    @Override
    public String getMessageEncoding() {
      return GZIP;
    }

    @Override
    public OutputStream compress(OutputStream target) throws IOException {
      return new GZIPOutputStream(target) {
        {
          def.setLevel(level);
        }
      };
    }
  }
}
