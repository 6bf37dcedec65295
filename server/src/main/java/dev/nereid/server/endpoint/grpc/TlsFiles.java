package dev.nereid.server.endpoint.grpc;

import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads the files of {@code --grpc-use-ssl}. */
final class TlsFiles {

  private TlsFiles() {}

  /**
   * @throws IOException if a file is missing or holds no PEM of its kind
   */
  static SslContext context(GrpcEndpointOptions.Tls tls) throws IOException {
    readable("--grpc-server-cert", tls.certificate());
    readable("--grpc-server-key", tls.key());
    try {
      SslContextBuilder builder =
          GrpcSslContexts.forServer(tls.certificate().toFile(), tls.key().toFile());
      if (tls.mutual()) {
        Path root = tls.root();
        if (root != null) {
          readable("--grpc-root-cert", root);
          builder.trustManager(root.toFile());
        }
        builder.clientAuth(ClientAuth.REQUIRE);
      }
      return builder.build();
    } catch (IllegalArgumentException e) {
      throw new IOException(
          "--grpc-server-cert, --grpc-server-key, --grpc-root-cert: "
              + e.getMessage()
              + " (expected: PEM files of a certificate chain, its PKCS#8 key and the clients'"
              + " roots)",
          e);
    }
  }

  private static void readable(String flag, Path file) throws IOException {
    if (!Files.isReadable(file)) {
      throw new IOException(flag + ": " + file + " (expected: a file that can be read)");
    }
  }
}
