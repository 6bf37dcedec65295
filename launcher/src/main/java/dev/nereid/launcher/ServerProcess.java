package dev.nereid.launcher;

import dev.nereid.client.ClientOptions;
import dev.nereid.client.InferenceFailure;
import dev.nereid.client.NereidClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A server of this distribution as a process of its own, on loopback ports that were free. It ends
 * when this is closed; {@link #close} may be called from any thread, more than once.
 */
public final class ServerProcess implements AutoCloseable {

  private static final Duration POLL_INTERVAL = Duration.ofMillis(100);
  private static final Duration CALL_DEADLINE = Duration.ofSeconds(2);
  private static final Duration STOP_PATIENCE = Duration.ofSeconds(40);
  private static final int SHOWN_LOG_LINES = 15;

  private final Process process;
  private final String endpoint;
  private final URI metrics;
  private final Path log;
  private final AtomicBoolean asked = new AtomicBoolean();

  private ServerProcess(Process process, String endpoint, URI metrics, Path log) {
    this.process = process;
    this.endpoint = endpoint;
    this.metrics = metrics;
    this.log = log;
  }

  /**
   * Starts it, without waiting until it is ready.
   *
   * @param home of the distribution
   * @param repository its model repository
   * @param flags of {@code serve}, besides those of its ports
   * @param environment variables besides this process's own
   * @param log takes the place of its output
   * @throws IOException if there is no such program or no port
   */
  public static ServerProcess start(
      Path home, Path repository, List<String> flags, Map<String, String> environment, Path log)
      throws IOException {
    List<Integer> ports = freePorts(2);
    List<String> command =
        new ArrayList<>(
            List.of(
                home.resolve("bin/nereid").toString(),
                "serve",
                "--model-repository=" + repository,
                "--grpc-address=127.0.0.1",
                "--grpc-port=" + ports.get(0),
                "--metrics-address=127.0.0.1",
                "--metrics-port=" + ports.get(1)));
    command.addAll(flags);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().putAll(environment);
    return new ServerProcess(
        builder.start(),
        "127.0.0.1:" + ports.get(0),
        URI.create("http://127.0.0.1:" + ports.get(1) + "/metrics"),
        log);
  }

  /** {@code host:port} of its gRPC endpoint. */
  public String endpoint() {
    return endpoint;
  }

  /** Its metrics page. */
  public URI metrics() {
    return metrics;
  }

  /** What it has written up to now. */
  public List<String> log() throws IOException {
    return Files.exists(log) ? Files.readAllLines(log) : List.of();
  }

  /** Whether it still runs. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** Of its process. */
  public long pid() {
    return process.pid();
  }

  /**
   * Waits until it takes requests.
   *
   * @throws IOException if it ends before, or takes longer; the message shows its last words
   */
  public void awaitReady(Duration patience) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    try (NereidClient client =
        NereidClient.connect(ClientOptions.of(endpoint).withDeadline(CALL_DEADLINE))) {
      while (System.nanoTime() < deadline) {
        if (ended(POLL_INTERVAL)) {
          throw new IOException(
              "the server ended with " + process.exitValue() + "; its last words:\n" + lastWords());
        }
        if (isReady(client)) {
          return;
        }
      }
    }
    throw new IOException(
        "the server was not ready within "
            + patience.toSeconds()
            + " s; its last words:\n"
            + lastWords());
  }

  private static boolean isReady(NereidClient client) {
    try {
      return client.serverReady().join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof InferenceFailure) {
        return false;
      }
      throw e;
    }
  }

  private boolean ended(Duration within) throws InterruptedException {
    try {
      process.onExit().get(within.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      throw new IllegalStateException("a process ends without a failure", e);
    }
  }

  private String lastWords() throws IOException {
    List<String> lines = log();
    return String.join(
        "\n", lines.subList(Math.max(0, lines.size() - SHOWN_LOG_LINES), lines.size()));
  }

  /**
   * Asks it to stop, as SIGTERM does, and waits until it has; one that does not is killed.
   *
   * @return its exit code
   */
  public int stop() {
    // Once: a second signal would cut short the first one's graceful stop.
    if (asked.compareAndSet(false, true)) {
      process.destroy();
    }
    boolean interrupted = false;
    try {
      if (!ended(STOP_PATIENCE)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      interrupted = true;
    }
    int code = process.onExit().join().exitValue();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return code;
  }

  @Override
  public void close() {
    int unused = stop();
  }

  /** Ports that nobody has now. Somebody may take one before the server does: it says so then. */
  private static List<Integer> freePorts(int count) throws IOException {
    List<ServerSocket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
      }
      return sockets.stream().map(ServerSocket::getLocalPort).toList();
    } finally {
      for (ServerSocket socket : sockets) {
        socket.close();
      }
    }
  }
}
