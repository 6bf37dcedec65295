package dev.nereid.server;

import picocli.CommandLine.Option;

/** The flags of {@link GrpcOptions}. */
final class GrpcFlags {

  @Option(
      names = "--allow-grpc",
      arity = "1",
      paramLabel = "<true|false>",
      converter = BooleanFlag.class,
      description = "Serve gRPC.")
  boolean allowed = true;

  @Option(
      names = "--grpc-port",
      paramLabel = "<port>",
      description = "Its port. 0 for any that is free.")
  int port = 8001;

  @Option(
      names = "--grpc-address",
      paramLabel = "<address>",
      description = "The address it listens on.")
  String address = "0.0.0.0";

  GrpcOptions options() {
    Ports.check("--grpc-port", port);
    return new GrpcOptions(allowed, address, port);
  }
}
