package dev.nereid.server;

import static picocli.CommandLine.Model.UsageMessageSpec.SECTION_KEY_OPTION_LIST;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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
          + " timeout expired",
      "14:the server stopped, and a native library kept the process from ending"
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

  @Mixin private RepositoryFlags repository = new RepositoryFlags();

  @Mixin private DeviceFlags devices = new DeviceFlags();

  @Mixin private GrpcFlags grpc = new GrpcFlags();

  @Mixin private MemoryFlags memory = new MemoryFlags();

  @Mixin private MetricsFlags metrics = new MetricsFlags();

  @Mixin private LogFlags logs = new LogFlags();

  private CommandSpec spec = CommandSpec.create();

  @Spec
  void spec(CommandSpec spec) {
    this.spec = spec;
    // The last one wins, as in Triton.
    spec.parser().overwrittenOptionsAllowed(true);
    UnsupportedFlags.addTo(spec);
    spec.usageMessage().sectionMap().put(SECTION_KEY_OPTION_LIST, new FlagSections());
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
          devices.options(),
          grpc.options(),
          memory.options(),
          metrics.options(),
          logs.options());
    } catch (TypeConversionException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }

  @Override
  public Integer call() {
    ServerOptions options = options();
    ProcessEnd end = ProcessEnd.prepare();
    try {
      return serve(options, end);
    } finally {
      end.guard();
    }
  }

  private static int serve(ServerOptions options, ProcessEnd end) {
    StopSignals signals = StopSignals.install(end);
    NereidServer server;
    try {
      LogConfigurator.apply(options.log());
      server = NereidServer.open(options);
    } catch (StartException e) {
      return refuse(e);
    }
    CompletableFuture<Void> loading =
        CompletableFuture.runAsync(
            () -> load(server), task -> new Thread(task, "model-repository").start());
    CompletableFuture<String> fault =
        options.repository().exitOnGpuFault() ? server.gpuFault() : new CompletableFuture<>();
    // A stop that comes while models load does not wait for them.
    CompletableFuture.anyOf(loading, signals.first(), fault).exceptionally(e -> null).join();
    if (loading.isCompletedExceptionally()) {
      refuse(loading.handle((done, failure) -> failure).join());
      stop(server, options, end);
      return 1;
    }
    CompletableFuture.anyOf(signals.first(), fault).join();
    boolean faulty = fault.isDone();
    if (faulty) {
      log.error("{}: the server stops (--exit-on-gpu-fault)", fault.join());
    } else {
      log.info("{} received, the server stops", signals.first().join());
    }
    stop(server, options, end);
    log.info("The server has stopped");
    return faulty ? 1 : 0;
  }

  /** Returns when the server has stopped in time; ends the process otherwise. */
  private static void stop(NereidServer server, ServerOptions options, ProcessEnd end) {
    if (!server.stop(options.exitTimeout())) {
      log.error("Exit timeout expired. Exiting immediately.");
      end.at(1);
    }
  }

  private static void load(NereidServer server) {
    try {
      server.load();
    } catch (StartException e) {
      throw new CompletionException(e);
    }
  }

  private static int refuse(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (!(cause instanceof StartException)) {
      log.error("The server failed in a way that was not foreseen", cause);
    }
    System.err.println("error: creating server: " + cause.getMessage());
    return 1;
  }
}
