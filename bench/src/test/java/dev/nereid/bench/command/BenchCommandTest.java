package dev.nereid.bench.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import dev.nereid.bench.target.FakeMetricsPage;
import dev.nereid.protocol.InferParameter;
import dev.nereid.protocol.ModelInferRequest;
import io.grpc.Status;
import java.awt.image.BufferedImage;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/**
 * The commands against a real server on this machine. The generator's own lateness is tolerated
 * throughout ({@code --max-lag}), since the machine that runs the tests owes nobody its attention.
 */
class BenchCommandTest {
  @TempDir private Path folder;
  private TestServer server;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void start() throws Exception {
    server = new TestServer();
  }

  @AfterEach
  void stop() throws Exception {
    server.stop();
  }

  private int execute(Interrupts interrupts, String... arguments) {
    CommandLine command = BenchCommand.commandLine(interrupts, Terminal.PLAIN);
    command.setOut(new PrintWriter(out, true));
    command.setErr(new PrintWriter(err, true));
    return command.execute(arguments);
  }

  private int run(String... more) {
    String[] base = {
      "run",
      "-m",
      "image",
      "-u",
      server.url(),
      "--max-lag",
      "10s",
      "--max-cpu",
      "100",
      "--warmup",
      "200ms"
    };
    String[] all = java.util.Arrays.copyOf(base, base.length + more.length);
    System.arraycopy(more, 0, all, base.length, more.length);
    return execute(Interrupts.NONE, all);
  }

  @Test
  void aRunWithinItsObjectiveEndsWithZero() {
    int code = run("--rate", "200", "--duration", "1s", "--slo", "p95<=5s");

    assertThat(code).as(err.toString()).isEqualTo(ExitCode.PASSED);
    assertThat(out.toString())
        .contains("model      image version 1 on 127.0.0.1:")
        .contains("(triton 2.51.0)")
        .contains("verdict    PASS")
        .contains("batch rows  executions  time each")
        .doesNotContain("\u001b");
    assertThat(err.toString()).doesNotContain("\u001b");
  }

  @Test
  void gpusOfTheServerAreReadMeanwhile() throws Exception {
    String gpus =
        FakeMetricsPage.gpu("GPU-1f", 0.624, 381.2, 9_785L << 20, 81_559L << 20)
            + FakeMetricsPage.gpu("GPU-2e", 0, 70, 0, 81_559L << 20);
    try (FakeMetricsPage page = new FakeMetricsPage(gpus)) {
      int code =
          run(
              "--rate",
              "50",
              "--duration",
              "1s",
              "--collect-metrics",
              "--metrics-url=" + page.url(),
              "--metrics-interval=50");

      assertThat(code).as(err.toString()).isEqualTo(ExitCode.PASSED);
    }
    assertThat(out.toString())
        .containsPattern("gpu +GPU-1f busy 62 %, 381 W, 9785 of 81559 MiB, \\d+ readings?\n")
        .containsPattern("gpu +GPU-2e busy 0 %, 70 W, 0 of 81559 MiB, \\d+ readings?\n");
    assertThat(err.toString()).doesNotContain("warning");
  }

  @Test
  void aMetricsPageWithoutGpusIsWarnedOfAndOneThatIsNotThereEndsTheCommand() throws Exception {
    try (FakeMetricsPage page = new FakeMetricsPage("nv_inference_count 1\n")) {
      int code =
          run("--rate=50", "--duration=500ms", "--collect-metrics", "--metrics-url=" + page.url());
      assertThat(code).as(err.toString()).isEqualTo(ExitCode.PASSED);
      assertThat(err.toString())
          .contains("bench: warning: there are no nv_gpu_* at http://" + page.url());
      page.answer(404);
      assertThat(run("--rate=50", "--collect-metrics", "--metrics-url=" + page.url()))
          .isEqualTo(ExitCode.SERVER_ERROR);
      assertThat(err.toString()).contains("HTTP status 404 (expected: 200)");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--metrics-url=h:1/m | metrics-url: h:1/m (expected: with --collect-metrics)",
        "--metrics-interval=5 | metrics-interval: 5 (expected: with --collect-metrics)",
        "--collect-metrics --metrics-interval=9 | metrics-interval: 9 (expected: >= 10)",
        "--collect-metrics --metrics-url=https://h/m | metrics-url: https://h/m (expected: http://HOST:PORT/metrics)",
      })
  void metricsFlagsThatBreakARuleAreRefused(String line) {
    String[] parts = line.split(" \\| ");
    String[] flags = parts[0].split(" ");
    String[] all = java.util.Arrays.copyOf(flags, flags.length + 1);
    all[flags.length] = "--rate=50";
    assertThat(run(all)).isEqualTo(ExitCode.USAGE);
    assertThat(err.toString()).contains(parts[1]);
  }

  @Test
  void aRunWithoutAnObjectiveJustMeasures() {
    int code = run("--concurrency", "4", "--duration", "500ms");

    assertThat(code).as(err.toString()).isEqualTo(ExitCode.PASSED);
    assertThat(out.toString())
        .contains("concurrency 4")
        .contains(" completed ")
        .doesNotContain("verdict", "good");
  }

  @Test
  void withoutAnObjectiveNothingIsCalledGoodLateOrFailed() {
    int code = run("--rate", "50", "--duration", "500ms", "--json", "-");

    assertThat(code).as(err.toString()).isEqualTo(ExitCode.PASSED);
    assertThat(out.toString())
        .contains("\"verdict\" : null", "\"reason\" : null")
        .contains("\"good\" : null", "\"goodPerSecond\" : null", "\"lateFraction\" : null")
        .doesNotContain("\"slo\" :");
  }

  @Test
  void aPageOnStandardOutputStandsAlone() {
    int code = run("--rate", "50", "--duration", "300ms", "--html", "-");

    assertThat(code).as(err.toString()).isEqualTo(ExitCode.PASSED);
    assertThat(out.toString())
        .startsWith("<!doctype html>")
        .endsWith("</html>\n")
        .contains("<h1>One load, measured</h1>");
  }

  @Test
  void aDeviceMayTakeAReport() {
    assertThat(run("--concurrency", "1", "--duration", "200ms", "--json", "/dev/null"))
        .as(err.toString())
        .isEqualTo(ExitCode.PASSED);
  }

  @Test
  void aQuietRunPrintsItsResultAlone() {
    int code = run("--concurrency", "1", "--duration", "200ms", "--quiet");

    assertThat(code).isEqualTo(ExitCode.PASSED);
    assertThat(out.toString()).contains("concurrency 1");
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void aMissedObjectiveEndsWithTwo() {
    server.delay(100);
    int code = run("--rate", "100", "--duration", "1s", "--slo", "p95<=20ms");

    assertThat(code).isEqualTo(ExitCode.SLO_NOT_MET);
    assertThat(out.toString()).contains("verdict    FAIL");
  }

  @Test
  void aGeneratorThatMayNotUseAnyCpuEndsWithThree() {
    int code =
        execute(
            Interrupts.NONE,
            "run",
            "-m",
            "image",
            "-u",
            server.url(),
            "--rate",
            "500",
            "--duration",
            "1s",
            "--warmup",
            "200ms",
            "--max-lag",
            "10s",
            "--max-cpu",
            "0");

    assertThat(code).isEqualTo(ExitCode.INVALID);
    assertThat(out.toString()).contains("verdict    INVALID: the generator was short of CPU");
  }

  @Test
  void tooFewRequestsToTellEndWithFour() {
    int code =
        run("--rate", "20", "--duration", "500ms", "--slo", "p95<=5s", "--arrivals", "constant");

    assertThat(code).isEqualTo(ExitCode.UNDECIDED);
  }

  @Test
  void aServerOutOfReachEndsWithFive() throws Exception {
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    int code =
        execute(Interrupts.NONE, "run", "-m", "image", "-u", "127.0.0.1:" + port, "--rate", "10");

    assertThat(code).isEqualTo(ExitCode.SERVER_ERROR);
    assertThat(err.toString()).startsWith("bench: image at 127.0.0.1:" + port + ": UNAVAILABLE");
  }

  @Test
  void anUnknownModelEndsWithFiveAndTheServersWords() {
    int code = execute(Interrupts.NONE, "run", "-m", "none", "-u", server.url(), "--rate", "10");

    assertThat(code).isEqualTo(ExitCode.SERVER_ERROR);
    assertThat(err.toString()).contains("Request for unknown model: 'none' is not found");
  }

  @Test
  void aServerThatFailsEveryRequestEndsWithFive() {
    server.fail(Status.INTERNAL.withDescription("no weights"));
    int code = run("--rate", "50", "--duration", "1s");

    assertThat(code).isEqualTo(ExitCode.SERVER_ERROR);
    assertThat(err.toString())
        .contains("every request failed, the first with INTERNAL: no weights");
  }

  @Test
  void anInterruptEndsWith130AndStillReports() throws Exception {
    Path json = folder.resolve("run.json");
    int code =
        execute(
            stop -> {
              stop.request();
              return () -> {};
            },
            "run",
            "-m",
            "image",
            "-u",
            server.url(),
            "--rate",
            "100",
            "--duration",
            "10m",
            "--warmup",
            "200ms",
            "--json",
            json.toString());

    assertThat(code).isEqualTo(ExitCode.INTERRUPTED);
    assertThat(json).exists();
  }

  @Test
  void aSearchWritesEveryFormatAndItsCodeFollowsItsOutcome() throws Exception {
    server.delay(5);
    Path json = folder.resolve("max.json");
    Path html = folder.resolve("max.html");
    Path csv = folder.resolve("max.csv");
    int code =
        execute(
            Interrupts.NONE,
            "max",
            "-m",
            "image",
            "-u",
            server.url(),
            "--slo",
            "p95<=2s",
            "--budget",
            "8s",
            "--warmup",
            "200ms",
            "--confirm",
            "2s",
            "--start-rate",
            "100",
            "--max-rate",
            "150",
            "--max-lag",
            "10s",
            "--max-cpu",
            "100",
            "--seed",
            "7",
            "--json",
            json.toString(),
            "--html",
            html.toString(),
            "--csv",
            csv.toString());

    assertThat(code).as(out + "\n" + err).isEqualTo(ExitCode.PASSED);
    assertThat(err.toString()).contains("bracket").contains("PASS");
    assertThat(out.toString()).contains("≥ 150 RPS").contains("why here");
    assertThat(keys(json)).contains("schemaVersion", "maxRps", "ciLow", "ciHigh", "probes");
    assertThat(Files.readString(html)).contains("<!doctype html>");
    assertThat(Files.readString(csv)).startsWith("Request Rate,Inferences/Second,Client Send,");
  }

  @ParameterizedTest
  @ValueSource(strings = {"UNIMPLEMENTED", "UNAVAILABLE"})
  void aServerWithoutStatisticsIsMeasuredWithoutStages(Status.Code code) throws Exception {
    // Triton's words where it was built without them.
    server.withoutStatistics(
        code.toStatus().withDescription("the server does not suppport model statistics"));
    int exit = run("--rate", "100", "--duration", "500ms", "--json", "-");

    assertThat(exit).as(err.toString()).isEqualTo(ExitCode.PASSED);
    Path json = folder.resolve("out.json");
    Files.writeString(json, out.toString());
    assertThat(keys(json)).contains("response", "lagP99").doesNotContain("stages");
  }

  @Test
  void picturesAreSentInTurnWithTheRowsAskedFor() throws Exception {
    for (int i = 0; i < 3; i++) {
      BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
      image.setRGB(0, 0, 0xff0000 >> i);
      ImageIO.write(image, "png", folder.resolve(i + ".png").toFile());
    }
    int code =
        run("--rate", "100", "--duration", "500ms", "--images", folder.toString(), "-b", "2");

    assertThat(code).as(err.toString()).isEqualTo(ExitCode.PASSED);
    assertThat(out.toString()).contains("2 rows, 384 bytes, 3 images");
    ModelInferRequest first = server.requests.element();
    assertThat(first.getInputs(0).getShapeList()).containsExactly(2L, 4L, 4L, 3L);
    assertThat(first.getRawInputContents(0).size()).isEqualTo(2 * 4 * 4 * 3 * 4);
    Set<Object> contents = new HashSet<>();
    server.requests.forEach(r -> contents.add(r.getRawInputContents(0)));
    assertThat(contents).hasSize(3);
  }

  private void writePictures(int count) throws Exception {
    for (int i = 0; i < count; i++) {
      BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
      for (int y = 0; y < 8; y++) {
        for (int x = 0; x < 8; x++) {
          image.setRGB(x, y, 0xc80000 + i);
        }
      }
      ImageIO.write(image, "png", folder.resolve(i + ".png").toFile());
    }
  }

  @Test
  void picturesOfAModelThatTakesBytesAreOneByteAColour() throws Exception {
    writePictures(1);
    server.inputOf("UINT8");

    int code = run("--rate", "50", "--duration", "300ms", "--images", folder.toString());

    assertThat(code).as(err.toString()).isEqualTo(ExitCode.PASSED);
    assertThat(out.toString()).contains("48 bytes, 1 images");
    ModelInferRequest request = server.requests.element();
    assertThat(request.getInputs(0).getDatatype()).isEqualTo("UINT8");
    byte[] sent = request.getRawInputContents(0).toByteArray();
    assertThat(sent).hasSize(4 * 4 * 3);
    assertThat(sent[0] & 0xff).isEqualTo(0xc8);
    assertThat(sent[1]).isZero();
  }

  @Test
  void tensorsMayLieInSharedMemoryThatIsRegisteredForAsLongAsItTakes() throws Exception {
    writePictures(3);
    server.inputOf("UINT8");

    int code =
        run(
            "--rate",
            "100",
            "--duration",
            "500ms",
            "--images",
            folder.toString(),
            "-b",
            "2",
            "--shared-memory",
            "system",
            "--output-shared-memory-size",
            "1000");

    assertThat(code).as(err.toString()).isEqualTo(ExitCode.PASSED);
    assertThat(out.toString()).contains("2 rows, 96 bytes, 3 images in system shared memory");
    Set<Long> offsets = new HashSet<>();
    for (ModelInferRequest request : server.requests) {
      assertThat(request.getRawInputContentsList()).isEmpty();
      ModelInferRequest.InferInputTensor input = request.getInputs(0);
      assertThat(input.getParametersOrThrow("shared_memory_byte_size").getInt64Param())
          .isEqualTo(96);
      long offset =
          input
              .getParametersOrDefault("shared_memory_offset", InferParameter.getDefaultInstance())
              .getInt64Param();
      offsets.add(offset);
      // The third byte of a pixel says which picture.
      String name = input.getParametersOrThrow("shared_memory_region").getStringParam();
      ByteBuffer region = Objects.requireNonNull(server.regions.get(name));
      assertThat(region.get((int) offset)).isEqualTo((byte) 0xc8);
      assertThat(region.get((int) offset + 2)).isEqualTo((byte) (offset / 128));
      assertThat(region.get((int) offset + 48 + 2)).isEqualTo((byte) ((offset / 128 + 1) % 3));
      assertThat(request.getOutputs(0).getName()).isEqualTo("scores");
      assertThat(
              request.getOutputs(0).getParametersOrThrow("shared_memory_byte_size").getInt64Param())
          .isEqualTo(2 * 10 * 4);
      assertThat(
              request.getOutputs(1).getParametersOrThrow("shared_memory_byte_size").getInt64Param())
          .isEqualTo(1000);
      assertThat(request.getOutputs(1).getParametersOrThrow("shared_memory_offset").getInt64Param())
          .isEqualTo(128);
    }
    assertThat(offsets).containsExactlyInAnyOrder(0L, 128L, 256L);
    assertThat(server.regions).hasSize(2);
    assertThat(server.unregistered).containsExactlyInAnyOrderElementsOf(server.regions.keySet());
    try (var objects = Files.list(Path.of("/dev/shm"))) {
      assertThat(objects.map(file -> String.valueOf(file.getFileName())))
          .doesNotContainAnyElementsOf(server.regions.keySet());
    }
  }

  @Test
  void aServerThatSharesNoMemoryEndsWithFiveAndItsReason() {
    server.withoutSharedMemory(
        Status.UNIMPLEMENTED.withDescription("Client shared memory is disabled."));

    assertThat(run("--rate", "10", "--shared-memory", "system")).isEqualTo(ExitCode.SERVER_ERROR);
    assertThat(err.toString())
        .contains("bench: shared memory: ")
        .contains("Client shared memory is disabled.");
    assertThat(server.requests).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "run -m image",
        "run -m image --rate 10 --shared-memory cuda",
        "run -m image --rate 10 --shared-memory system --output-shared-memory-size -1",
        "run -m image --rate 10 --concurrency 2",
        "run -m image --rate 0",
        "run -m image --rate 10 --json - --csv -",
        "run -m image --rate -1",
        "run -m image --rate many",
        "run -m image --concurrency 0",
        "run --rate 10",
        "run -m image --rate 10 --duration 10",
        "run -m image --rate 10 --duration 0s",
        "run -m image --rate 10 --slo p95",
        "run -m image --rate 10 --slo p95<=1m",
        "run -m image --rate 10 --slo p95<=20s",
        "run -m image --rate 10 --arrivals bursty",
        "run -m image --rate 10 --input noise",
        "run -m image --rate 10 --input zeros --images /tmp",
        "run -m image --rate 10 --shape input",
        "run -m image --rate 10 -i http",
        "run -m image --rate 10 --max-cpu -1",
        "run -m image --rate 10 -b 0",
        "run -m image --rate 10 --connections 0",
        "run -m image --rate 10 --json /no/such/folder/file.json",
        "max -m image",
        "max -m image --slo p95<=100ms --budget 0s",
        "max -m image --slo p95<=100ms --precision 2",
        "max -m image --slo p95<=100ms --start-rate 0",
        "max -m image --slo p95<=100ms --unknown",
        "frobnicate",
        ""
      })
  void aWrongCommandLineEndsWithOneBeforeAnythingIsSent(String line) {
    String[] arguments = line.isEmpty() ? new String[0] : line.split(" ");

    assertThat(execute(Interrupts.NONE, arguments)).as(err.toString()).isEqualTo(ExitCode.USAGE);
    assertThat(err.toString()).isNotBlank();
    assertThat(server.requests).isEmpty();
  }

  @Test
  void httpIsRefusedWithThoseWords() {
    execute(Interrupts.NONE, "run", "-m", "image", "--rate", "10", "-i", "http");

    assertThat(err.toString())
        .contains("protocol: http (expected: grpc; HTTP is not supported yet)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--shape input:4,4,4", "--shape other:1", "--images /no/such/folder"})
  void inputsThatDoNotFitTheModelEndWithFiveAndTheReason(String more) {
    String[] parts = more.split(" ");

    assertThat(run("--rate", "10", parts[0], parts[1])).isEqualTo(ExitCode.SERVER_ERROR);
    assertThat(err.toString()).contains("expected:");
  }

  @ParameterizedTest
  @ValueSource(strings = {"run", "max"})
  void helpNamesEveryExitCodeAndShowsExamples(String command) {
    assertThat(execute(Interrupts.NONE, command, "--help")).isZero();
    assertThat(out.toString())
        .contains("Examples:")
        .contains("nereid bench " + command)
        .contains("Exit codes: 0")
        .contains("130 interrupted")
        .contains("--images", "--shape", "--connections", "--timeout", "--warmup", "--seed");
  }

  @Test
  void theProcessSignalCanBeWatchedAndLetGo() {
    dev.nereid.bench.measure.StopSignal stop = new dev.nereid.bench.measure.StopSignal();
    Runnable undo = Interrupts.ofProcess().watch(stop);
    undo.run();

    assertThat(stop.isRequested()).isFalse();
  }

  private static Set<String> keys(Path file) throws Exception {
    Set<String> keys = new HashSet<>();
    try (JsonParser parser = new JsonFactory().createParser(file.toFile())) {
      while (parser.nextToken() != null) {
        if (parser.currentName() != null) {
          keys.add(parser.currentName());
        }
      }
    }
    return keys;
  }
}
