package dev.nereid.server;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code nereid serve}: Triton's flags, and a process that lives until it is told to stop. */
@Command(
    name = "serve",
    customSynopsis = "nereid serve --model-repository=<directory> [<flag>=<value>...]",
    usageHelpAutoWidth = true,
    sortOptions = false,
    exitCodeOnInvalidInput = 1,
    exitCodeOnExecutionException = 1,
    description = {
      "Serves the models of a repository over KServe v2 (gRPC), as Triton Inference Server does.",
      "Flags have Triton's names. HTTP (port 8000) is not supported yet.",
      "",
      "Ports open at once, so that a liveness probe is answered while models load; readiness is"
          + " false until they are."
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:stopped by SIGTERM or SIGINT, every request under way answered",
      "1:a flag was refused, a port was taken, a model failed to load (--exit-on-error), or the exit"
          + " timeout expired"
    },
    footerHeading = "%nExample:%n",
    footer = {
      "  nereid serve --model-repository=models --grpc-port=8001 --exit-on-error=false",
      "  curl localhost:8002/metrics"
    })
public final class ServeCommand implements Callable<Integer> {

  private static final Logger log = LoggerFactory.getLogger(ServeCommand.class);

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Print this.")
  @SuppressWarnings("UnusedVariable") // Picocli asks the flag itself.
  private boolean help;

  @Option(
      names = "--id",
      paramLabel = "<name>",
      description = "The server's name, as its metadata says it (default: ${DEFAULT-VALUE}).")
  private String id = "nereid";

  @Option(
      names = "--exit-timeout-secs",
      paramLabel = "<seconds>",
      description =
          "How long requests under way may take to finish after SIGTERM (default: ${DEFAULT-VALUE}).")
  private int exitTimeoutSeconds = 30;

  @ArgGroup(validate = false, heading = "%nModels:%n", order = 1)
  private RepositoryFlags repository = new RepositoryFlags();

  @ArgGroup(validate = false, heading = "%ngRPC:%n", order = 2)
  private GrpcFlags grpc = new GrpcFlags();

  @ArgGroup(validate = false, heading = "%nMetrics:%n", order = 3)
  private MetricsFlags metrics = new MetricsFlags();

  @ArgGroup(validate = false, heading = "%nLog:%n", order = 4)
  private LogFlags logs = new LogFlags();

  private CommandSpec spec = CommandSpec.create();

  @Spec
  void spec(CommandSpec spec) {
    this.spec = spec;
    UnsupportedFlags.addTo(spec);
  }

  public static void main(String[] arguments) {
    System.exit(new CommandLine(new ServeCommand()).execute(arguments));
  }

  /**
   * What the flags say.
   *
   * @throws ParameterException if one of them breaks a rule
   */
  ServerOptions options() {
    try {
      if (exitTimeoutSeconds < 0) {
        throw new TypeConversionException(
            "--exit-timeout-secs: " + exitTimeoutSeconds + " (expected: >= 0)");
      }
      return new ServerOptions(
          id,
          Duration.ofSeconds(exitTimeoutSeconds),
          repository.options(),
          grpc.options(),
          metrics.options(),
          logs.options());
    } catch (TypeConversionException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }

  @Override
  public Integer call() {
    ServerOptions options = options();
    LogConfigurator.apply(options.log());
    StopSignals signals = StopSignals.install();
    NereidServer server;
    try {
      server = NereidServer.open(options);
    } catch (StartException e) {
      return refuse(e);
    }
    CompletableFuture<Void> loading =
        CompletableFuture.runAsync(
            () -> load(server), task -> new Thread(task, "model-repository").start());
    // A stop that comes while models load does not wait for them.
    CompletableFuture.anyOf(loading, signals.first()).exceptionally(e -> null).join();
    if (loading.isCompletedExceptionally()) {
      int code = refuse(loading.handle((done, failure) -> failure).join());
      server.close();
      return code;
    }
    log.info("{} received, the server stops", signals.first().join());
    if (server.stop(options.exitTimeout())) {
      return 0;
    }
    log.error("Exit timeout expired. Exiting immediately.");
    Runtime.getRuntime().halt(1);
    return 1;
  }

  private static void load(NereidServer server) {
    try {
      server.load();
    } catch (StartException e) {
      throw new java.util.concurrent.CompletionException(e);
    }
  }

  private static int refuse(Throwable failure) {
    Throwable cause =
        failure instanceof java.util.concurrent.CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (!(cause instanceof StartException)) {
      log.error("The server failed in a way that was not foreseen", cause);
    }
    System.err.println("error: creating server: " + cause.getMessage());
    return 1;
  }
}
