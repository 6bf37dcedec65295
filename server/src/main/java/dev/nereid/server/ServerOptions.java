package dev.nereid.server;

import dev.nereid.server.endpoint.grpc.GrpcEndpointOptions;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine;

/**
 * Everything that flags say.
 *
 * @param id the server's name in ServerMetadata
 * @param exitTimeout how long requests under way may take to finish after a stop was asked for
 * @param grpc empty with {@code --allow-grpc=false}
 */
public record ServerOptions(
    String id,
    Duration exitTimeout,
    RepositoryOptions repository,
    DeviceOptions devices,
    Optional<GrpcEndpointOptions> grpc,
    MemoryOptions memory,
    MetricsOptions metrics,
    LogOptions log) {

  /**
   * The options of a command line, without the command's name.
   *
   * @throws CommandLine.ParameterException if a flag is unknown, malformed or not supported
   */
  public static ServerOptions of(String... arguments) {
    ServeCommand command = new ServeCommand();
    new CommandLine(command).parseArgs(arguments);
    return command.options();
  }
}
