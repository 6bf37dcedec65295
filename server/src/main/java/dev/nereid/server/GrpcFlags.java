package dev.nereid.server;

import dev.nereid.server.endpoint.grpc.GrpcEndpointOptions;
import dev.nereid.server.endpoint.grpc.GrpcEndpointOptions.ConnectionAge;
import dev.nereid.server.endpoint.grpc.GrpcEndpointOptions.KeepAlive;
import dev.nereid.server.endpoint.grpc.GrpcEndpointOptions.Tls;
import dev.nereid.server.endpoint.grpc.ResponseCompression;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The flags of {@link GrpcEndpointOptions}. */
final class GrpcFlags {

  @Option(
      names = "--allow-grpc",
      arity = "1",
      paramLabel = "<true|false>",
      converter = BooleanFlag.class,
      description = "Serve gRPC (default: ${DEFAULT-VALUE}).")
  boolean allowed = true;

  @Option(
      names = "--grpc-port",
      paramLabel = "<port>",
      description = "Its port; 0 for any that is free (default: ${DEFAULT-VALUE}).")
  int port = 8001;

  @Option(
      names = "--grpc-address",
      paramLabel = "<address>",
      description = "The address it listens on (default: ${DEFAULT-VALUE}).")
  String address = "0.0.0.0";

  @Option(
      names = "--reuse-grpc-port",
      arity = "1",
      paramLabel = "<true|false>",
      converter = BooleanFlag.class,
      description = "Share the port with other processes (default: ${DEFAULT-VALUE}).")
  boolean reusePort = false;

  @Option(
      names = "--grpc-infer-thread-count",
      paramLabel = "<count>",
      description =
          "Event loops, which read, check and answer requests (default: one for four cores, 2 at"
              + " least; here ${DEFAULT-VALUE}).")
  int threads = GrpcEndpointOptions.defaults().eventLoopThreads();

  @Option(
      names = "--grpc-infer-response-compression-level",
      paramLabel = "<level>",
      converter = Compression.class,
      description = "none, low, medium or high (default: none).")
  ResponseCompression compression = ResponseCompression.NONE;

  @Option(
      names = "--grpc-use-ssl",
      arity = "1",
      paramLabel = "<true|false>",
      converter = BooleanFlag.class,
      description = "Speak TLS (default: ${DEFAULT-VALUE}).")
  boolean tls = false;

  @Option(
      names = "--grpc-use-ssl-mutual",
      arity = "1",
      paramLabel = "<true|false>",
      converter = BooleanFlag.class,
      description = "Speak TLS with clients that prove themselves too (default: ${DEFAULT-VALUE}).")
  boolean mutualTls = false;

  @Option(
      names = "--grpc-server-cert",
      paramLabel = "<file>",
      description = "The server's certificate chain, PEM.")
  @Nullable Path certificate;

  @Option(
      names = "--grpc-server-key",
      paramLabel = "<file>",
      description = "The server's key, PEM (PKCS #8).")
  @Nullable Path key;

  @Option(
      names = "--grpc-root-cert",
      paramLabel = "<file>",
      description = "Whom clients must be signed by, PEM; without it, the system's roots.")
  @Nullable Path root;

  @Option(
      names = "--grpc-keepalive-time",
      paramLabel = "<ms>",
      description = "Ping an idle connection after that (default: ${DEFAULT-VALUE}).")
  long keepAliveMillis = 7_200_000;

  @Option(
      names = "--grpc-keepalive-timeout",
      paramLabel = "<ms>",
      description = "Close one that does not answer for that (default: ${DEFAULT-VALUE}).")
  long keepAliveTimeoutMillis = 20_000;

  @Option(
      names = "--grpc-keepalive-permit-without-calls",
      arity = "1",
      paramLabel = "<true|false>",
      converter = BooleanFlag.class,
      description = "Let clients ping while they have no call (default: ${DEFAULT-VALUE}).")
  boolean permitWithoutCalls = false;

  @Option(
      names = "--grpc-http2-min-recv-ping-interval-without-data",
      paramLabel = "<ms>",
      description = "Send clients away that ping more often (default: ${DEFAULT-VALUE}).")
  long minPingMillis = 300_000;

  @Option(
      names = "--grpc-max-connection-age",
      paramLabel = "<ms>",
      description = "Close connections that are older (default: never).")
  @Nullable Long ageMillis;

  @Option(
      names = "--grpc-max-connection-age-grace",
      paramLabel = "<ms>",
      description =
          "What calls of such a connection get to finish (default: as long as they take).")
  @Nullable Long graceMillis;

  /** Empty where gRPC is not to be served. */
  Optional<GrpcEndpointOptions> options() {
    Ports.check("--grpc-port", port);
    GrpcEndpointOptions defaults = GrpcEndpointOptions.defaults();
    try {
      GrpcEndpointOptions options =
          new GrpcEndpointOptions(
              address,
              port,
              reusePort,
              tls(),
              new KeepAlive(
                  Duration.ofMillis(keepAliveMillis),
                  Duration.ofMillis(keepAliveTimeoutMillis),
                  permitWithoutCalls,
                  Duration.ofMillis(minPingMillis),
                  defaults.keepAlive().maxPingsWithoutData(),
                  defaults.keepAlive().maxPingStrikes()),
              new ConnectionAge(millis(ageMillis), millis(graceMillis)),
              compression,
              threads,
              defaults.flowControlWindowBytes(),
              defaults.maxMessageBytes(),
              defaults.maxConcurrentCallsPerConnection());
      return allowed ? Optional.of(options) : Optional.empty();
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(String.valueOf(e.getMessage()));
    }
  }

  private @Nullable Tls tls() {
    if (!tls && !mutualTls) {
      return null;
    }
    if (certificate == null || key == null) {
      throw new TypeConversionException(
          "--grpc-use-ssl: true (expected: with --grpc-server-cert and --grpc-server-key)");
    }
    return new Tls(certificate, key, root, mutualTls);
  }

  private static @Nullable Duration millis(@Nullable Long millis) {
    return millis == null ? null : Duration.ofMillis(millis);
  }

  static final class Compression implements ITypeConverter<ResponseCompression> {
    @Override
    public ResponseCompression convert(String value) {
      try {
        return ResponseCompression.ofFlag(value);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(value + " (expected: none, low, medium or high)");
      }
    }
  }
}
