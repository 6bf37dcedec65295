package dev.nereid.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.bench.command.BenchCommand;
import dev.nereid.server.NereidServer;
import dev.nereid.server.ServerOptions;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The bench against the server, with tensors in the memory that both have. */
final class SharedMemoryBenchTest {

  private static final String MODELS =
      """
      backend: "identity"
      max_batch_size: 8
      input [ { name: "INPUT0" data_type: TYPE_%1$s dims: [ %2$s ] } ]
      output [ { name: "OUTPUT0" data_type: TYPE_%1$s dims: [ %2$s ] } ]
      dynamic_batching { }
      """;

  @TempDir private Path models;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private NereidServer serve(String... more) throws Exception {
    model("image", "UINT8", "32, 32, 3");
    model("texts", "STRING", "-1");
    String[] flags = {
      "--model-repository=" + models,
      "--grpc-address=127.0.0.1",
      "--grpc-port=0",
      "--allow-metrics=false",
    };
    String[] all = java.util.Arrays.copyOf(flags, flags.length + more.length);
    System.arraycopy(more, 0, all, flags.length, more.length);
    return NereidServer.start(ServerOptions.of(all));
  }

  private void model(String name, String type, String dims) throws Exception {
    Files.createDirectories(models.resolve(name + "/1"));
    Files.writeString(models.resolve(name + "/config.pbtxt"), MODELS.formatted(type, dims));
  }

  private int run(NereidServer server, String... more) {
    CommandLine command = BenchCommand.commandLine();
    command.setOut(new PrintWriter(out, true));
    command.setErr(new PrintWriter(err, true));
    String[] base = {
      "run",
      "-u",
      "127.0.0.1:" + server.grpcPort().orElseThrow(),
      "--rate",
      "100",
      "--duration",
      "500ms",
      "--warmup",
      "100ms",
      "--max-lag",
      "10s",
      "--max-cpu",
      "100",
      "--shared-memory",
      "system",
    };
    String[] all = java.util.Arrays.copyOf(base, base.length + more.length);
    System.arraycopy(more, 0, all, base.length, more.length);
    return command.execute(all);
  }

  @Test
  void everyRequestIsAnswered() throws Exception {
    try (NereidServer server = serve("--allow-client-shm=true")) {
      assertThat(run(server, "-m", "image", "-b", "2")).as(err.toString()).isZero();
      assertThat(out.toString())
          .contains("2 rows, 6144 bytes, random in system shared memory")
          .doesNotContain("INVALID_ARGUMENT", "INTERNAL", "NOT_FOUND");
      assertThat(run(server, "-m", "texts", "--shape", "INPUT0:3")).as(err.toString()).isZero();
      assertThat(out.toString()).doesNotContain("INVALID_ARGUMENT", "INTERNAL", "NOT_FOUND");
    }
  }

  @Test
  void anOutputThatHasNoRoomIsSaid() throws Exception {
    try (NereidServer server = serve("--allow-client-shm=true")) {
      int code =
          run(server, "-m", "texts", "--shape", "INPUT0:30", "--output-shared-memory-size", "100");
      assertThat(code).isEqualTo(5);
      assertThat(err.toString())
          .contains(
              "shared memory size specified with the request for output 'OUTPUT0' (100 bytes)"
                  + " should be at least 600 bytes to hold the results");
    }
  }

  @Test
  void aServerThatDoesNotAllowItSaysHowItWould() throws Exception {
    try (NereidServer server = serve()) {
      assertThat(run(server, "-m", "image")).isEqualTo(5);
      assertThat(err.toString()).contains("--allow-client-shm=true");
    }
  }
}
