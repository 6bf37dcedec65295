package dev.nereid.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.client.ClientOptions;
import dev.nereid.client.InferInput;
import dev.nereid.client.InferRequest;
import dev.nereid.client.InferResult;
import dev.nereid.client.NereidClient;
import dev.nereid.server.gpu.FakeLibrary;
import dev.nereid.server.repository.ModelFolders;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The process: what it prints, what signals do, and the codes that it ends with. */
@SuppressWarnings("NullAway.Init") // JUnit fills these before each test.
class ServeProcessTest {

  private static final String FOR_EVER =
      "parameters { key: \"execute_delay_ms\" value: { string_value: \"2000000000\" } }";

  @TempDir Path directory;
  private ModelFolders models;

  @BeforeEach
  void createRepository() throws IOException {
    models = new ModelFolders(Files.createDirectory(directory.resolve("models")));
  }

  private String[] flags(String... more) {
    String[] flags = new String[more.length + 5];
    flags[0] = "--model-repository=" + models.path();
    flags[1] = "--grpc-address=127.0.0.1";
    flags[2] = "--grpc-port=0";
    flags[3] = "--metrics-address=127.0.0.1";
    flags[4] = "--metrics-port=0";
    System.arraycopy(more, 0, flags, 5, more.length);
    return flags;
  }

  private static NereidClient connect(String startedLine) {
    String target = startedLine.replaceFirst(".* at ([0-9.:]+).*", "$1");
    return NereidClient.connect(ClientOptions.of(target).withDeadline(Duration.ofSeconds(60)));
  }

  private static InferRequest request() {
    return InferRequest.to("m")
        .input(InferInput.ofFloats("INPUT0", new long[] {1, 4}, 1, 2, 3, 4))
        .build();
  }

  @Test
  void linesThatOperatorsLookForArePrintedAndSigtermEndsWithCode0() throws Exception {
    models.identity("m", "", "1");
    try (ServeProcess server = ServeProcess.start(flags())) {
      server.awaitLine("Started Metrics Service at 127.0.0.1:");
      String started = server.awaitLine("Started GRPCInferenceService at 127.0.0.1:");
      server.awaitLine("| Model | Version | Status |");
      server.awaitLine("| m     | 1       | READY  |");
      try (NereidClient client = connect(started)) {
        assertThat(client.infer(request()).join().output("OUTPUT0").floats())
            .containsExactly(1, 2, 3, 4);
        server.terminate();
        server.awaitLine("SIGTERM received");
        assertThat(server.exitCode()).isZero();
      }
    }
  }

  @Test
  void sigtermAnswersWhatIsUnderWay() throws Exception {
    models.identity(
        "m", "parameters { key: \"execute_delay_ms\" value: { string_value: \"300\" } }", "1");
    try (ServeProcess server = ServeProcess.start(flags())) {
      String started = server.awaitLine("Started GRPCInferenceService");
      server.awaitLine("| m     | 1       | READY  |");
      try (NereidClient client = connect(started)) {
        CompletableFuture<InferResult> sent = client.infer(request());
        // Answered when the server has taken the call before it on this connection.
        assertThat(client.serverReady().join()).isTrue();
        server.terminate();
        assertThat(sent.join().output("OUTPUT0").floats()).containsExactly(1, 2, 3, 4);
        assertThat(server.exitCode()).isZero();
      }
    }
  }

  private interface Stop {
    void run() throws Exception;
  }

  /** With a request under way that is never answered. */
  private static void assertEndsWithCode1(ServeProcess server, Stop stop) throws Exception {
    String started = server.awaitLine("Started GRPCInferenceService");
    server.awaitLine("| m     | 1       | READY  |");
    try (NereidClient client = connect(started)) {
      CompletableFuture<InferResult> sent = client.infer(request());
      assertThat(client.serverReady().join()).isTrue();
      stop.run();
      assertThat(server.exitCode()).isEqualTo(1);
      assertThat(sent).failsWithin(Duration.ofSeconds(60));
    }
  }

  private static void assertExitTimeoutEnds(ServeProcess server) throws Exception {
    assertEndsWithCode1(
        server,
        () -> {
          server.terminate();
          server.awaitLine("Exit timeout expired. Exiting immediately.");
        });
  }

  @Test
  void theExitTimeoutEndsAStopThatHangsWithCode1() throws Exception {
    models.identity("m", FOR_EVER, "1");
    try (ServeProcess server = ServeProcess.start(flags("--exit-timeout-secs=0"))) {
      assertExitTimeoutEnds(server);
    }
  }

  @Test
  void aSecondSignalDoesNotWait() throws Exception {
    models.identity("m", FOR_EVER, "1");
    try (ServeProcess server = ServeProcess.start(flags("--exit-timeout-secs=1000"))) {
      assertEndsWithCode1(
          server,
          () -> {
            server.terminate();
            server.awaitLine("SIGTERM received");
            server.terminate();
          });
    }
  }

  @Test
  void theExitTimeoutEndsAProcessWhoseLibrariesDoNotLetItExit() throws Exception {
    Path stuck = FakeLibrary.compiled(directory, "stuck_exit");
    models.identity("m", FOR_EVER, "1");
    try (ServeProcess server =
        ServeProcess.start(
            Map.of("LD_PRELOAD", stuck.toString()), flags("--exit-timeout-secs=0"))) {
      assertExitTimeoutEnds(server);
    }
  }

  @Test
  void aProcessThatStoppedInTimeAndWhoseLibrariesDoNotLetItExitIsEndedByAnAlarm() throws Exception {
    Path stuck = FakeLibrary.compiled(directory, "stuck_exit");
    models.identity("m", "", "1");
    try (ServeProcess server =
        ServeProcess.start(
            Map.of("LD_PRELOAD", stuck.toString()), flags("--exit-timeout-secs=1"))) {
      server.awaitLine("| m     | 1       | READY  |");
      server.terminate();
      server.awaitLine("The server has stopped");
      assertThat(server.exitCode()).isEqualTo(ProcessEnd.SIGALRM);
    }
  }

  @Test
  void sigtermWhileModelsLoadDoesNotWaitForThem() throws Exception {
    models.identity(
        "m",
        "parameters { key: \"creation_delay_sec\" value: { string_value: \"2000000\" } }",
        "1");
    try (ServeProcess server = ServeProcess.start(flags())) {
      server.awaitLine("loading: m:1");
      server.terminate();
      assertThat(server.exitCode()).isZero();
    }
  }

  @Test
  void aModelThatFailsEndsWithCode1AfterTheTable() throws Exception {
    models.identity("good", "", "1").config("garbage", "max_batch_size: x", "1");
    try (ServeProcess server = ServeProcess.start(flags())) {
      server.awaitLine("| garbage | -       | Not loaded: ");
      server.awaitLine("| good    | 1       | READY");
      server.awaitLine("1 of 2 models failed to load; see the table above");
      server.awaitLine("error: creating server: Internal - failed to load all models");
      assertThat(server.exitCode()).isEqualTo(1);
    }
  }

  @Test
  void aPortThatIsTakenEndsWithCode1() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        ServeProcess server = ServeProcess.start(flags("--grpc-port=" + taken.getLocalPort()))) {
      server.awaitLine(
          "error: creating server: Unavailable - --grpc-port: " + taken.getLocalPort());
      assertThat(server.exitCode()).isEqualTo(1);
    }
  }

  @Test
  void anAddressThatIsNotOursEndsWithCode1() throws Exception {
    // Reserved for documentation: no machine has it.
    try (ServeProcess server = ServeProcess.start(flags("--metrics-address=192.0.2.1"))) {
      server.awaitLine("error: creating server: Unavailable - --metrics-port: 0");
      assertThat(server.exitCode()).isEqualTo(1);
    }
  }

  @Test
  void logsGoToAFileWhereOneIsNamed() throws Exception {
    Path file = directory.resolve("server.log");
    try (ServeProcess server =
        ServeProcess.start(flags("--log-file=" + file, "--log-format=ISO8601"))) {
      while (!Files.exists(file) || !Files.readString(file).contains("Started GRPC")) {
        Thread.onSpinWait();
      }
      server.terminate();
      assertThat(server.exitCode()).isZero();
      assertThat(Files.readString(file))
          .containsPattern(
              "(?m)^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ I \\d+ ServeCommand] The server has");
    }
  }

  @Test
  void aLogFileThatCannotBeWrittenEndsWithCode1() throws Exception {
    try (ServeProcess server = ServeProcess.start(flags("--log-file=" + directory))) {
      server.awaitLine(
          "error: creating server: Invalid argument - --log-file: "
              + directory
              + " (expected: a file that can be written)");
      assertThat(server.exitCode()).isEqualTo(1);
    }
  }

  @Test
  void logsCanBeOneJsonObjectALine() throws Exception {
    try (ServeProcess server = ServeProcess.start(flags("--log-format=JSON"))) {
      String line = server.awaitLine("Started GRPCInferenceService");
      assertThat(line).startsWith("{\"").endsWith("}").contains("\"level\":\"INFO\"");
      server.terminate();
      assertThat(server.exitCode()).isZero();
    }
  }
}
