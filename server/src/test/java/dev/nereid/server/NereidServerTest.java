package dev.nereid.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.backend.BackendProvider;
import dev.nereid.client.ClientOptions;
import dev.nereid.client.InferInput;
import dev.nereid.client.InferRequest;
import dev.nereid.client.InferResult;
import dev.nereid.client.InferenceFailure;
import dev.nereid.client.NereidClient;
import dev.nereid.client.RequestedOutput;
import dev.nereid.client.SharedMemoryPart;
import dev.nereid.client.SystemSharedMemory;
import dev.nereid.protocol.RepositoryIndexResponse.ModelIndex;
import dev.nereid.server.backend.IdentityBackend;
import dev.nereid.server.metrics.PrometheusPage;
import dev.nereid.server.repository.ModelFolders;
import dev.nereid.tensor.DataType;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole server in this process, on ports of its own, with real clients. */
@SuppressWarnings("NullAway.Init") // JUnit fills these before each test.
class NereidServerTest {

  private static final String SLOW =
      "parameters { key: \"execute_delay_ms\" value: { string_value: \"1\" } }";
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir Path directory;

  private ModelFolders models;
  private @Nullable NereidServer server;
  private @Nullable NereidClient client;

  @BeforeEach
  void createRepository() throws IOException {
    models = new ModelFolders(Files.createDirectory(directory.resolve("models")));
  }

  @AfterEach
  void close() {
    if (client != null) {
      client.close();
    }
    if (server != null) {
      server.close();
    }
  }

  private ServerOptions options(String... more) {
    List<String> flags =
        new ArrayList<>(
            List.of(
                "--model-repository=" + models.path(),
                "--grpc-address=127.0.0.1",
                "--grpc-port=0",
                "--metrics-address=127.0.0.1",
                "--metrics-port=0"));
    flags.addAll(List.of(more));
    return ServerOptions.of(flags.toArray(String[]::new));
  }

  private NereidServer open(BackendProvider identity, String... more) throws StartException {
    NereidServer opened = NereidServer.open(options(more), List.of(identity));
    server = opened;
    client =
        NereidClient.connect(
            ClientOptions.of("127.0.0.1:" + opened.grpcPort().orElseThrow()).withDeadline(LONG));
    return opened;
  }

  private NereidServer start(String... more) throws StartException {
    NereidServer started = open(IdentityBackend.provider(), more);
    started.load();
    return started;
  }

  private NereidClient client() {
    if (client == null) {
      throw new IllegalStateException("no server was opened");
    }
    return client;
  }

  private static InferRequest request(String model, int rows) {
    return InferRequest.to(model)
        .input(InferInput.ofFloats("INPUT0", new long[] {rows, 4}, new float[4 * rows]))
        .build();
  }

  private static String failureOf(CompletableFuture<?> future) {
    try {
      return "answered " + future.join();
    } catch (CompletionException e) {
      return e.getCause() instanceof InferenceFailure failure
          ? failure.code() + " " + failure.text()
          : String.valueOf(e.getCause());
    }
  }

  private PrometheusPage metrics(NereidServer running) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + running.metricsPort().orElseThrow() + "/metrics");
    return PrometheusPage.parse(
        HttpClient.newHttpClient()
            .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
            .body());
  }

  @Test
  void aModelIsServed() throws Exception {
    models.identity("m", "", "1");
    start("--id=mine");
    assertThat(client().serverLive().join()).isTrue();
    assertThat(client().serverReady().join()).isTrue();
    assertThat(client().modelReady("m", "").join()).isTrue();
    assertThat(client().serverMetadata().join().getName()).isEqualTo("mine");
    InferResult result =
        client()
            .infer(
                InferRequest.to("m")
                    .input(InferInput.ofFloats("INPUT0", new long[] {1, 4}, 1, 2, 3, 4))
                    .build())
            .join();
    assertThat(result.output("OUTPUT0").floats()).containsExactly(1, 2, 3, 4);
  }

  @Test
  void aServerThatLoadsIsLiveAndNotReadyAndSaysSoOfItsModels() throws Exception {
    Gate gate = new Gate();
    models
        .identity("quick", "", "1")
        .identity(
            "slow",
            "parameters { key: \"creation_delay_sec\" value: { string_value: \"1\" } }",
            "1");
    NereidServer opened = open(gate.backend());
    CompletableFuture<Void> loaded =
        CompletableFuture.runAsync(
            () -> {
              try {
                opened.load();
              } catch (StartException e) {
                throw new CompletionException(e);
              }
            });
    gate.awaitEntered(1);
    assertThat(client().serverLive().join()).isTrue();
    assertThat(client().serverReady().join()).isFalse();
    assertThat(failureOf(client().modelReady("slow", "1")))
        .isEqualTo("UNAVAILABLE Request for unknown model: 'slow' version 1 is not at ready state");
    assertThat(failureOf(client().infer(request("slow", 1))))
        .isEqualTo("UNAVAILABLE Request for unknown model: 'slow' is not at ready state");
    gate.open();
    loaded.join();
    assertThat(client().serverReady().join()).isTrue();
    assertThat(client().infer(request("slow", 1)).join().output("OUTPUT0").floats()).hasSize(4);
  }

  @Test
  void aStopUnderLoadAnswersEveryRequestThatWasTaken() throws Exception {
    Gate gate = new Gate();
    models.identity("m", SLOW + "dynamic_batching { }", "1");
    NereidServer running = open(gate.backend());
    running.load();
    List<CompletableFuture<InferResult>> sent = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      sent.add(client().infer(request("m", 1)));
    }
    gate.awaitEntered(1);
    // A later call on the same connection is answered when the server has taken those before it.
    assertThat(client().serverReady().join()).isTrue();
    CompletableFuture<Boolean> stopped = CompletableFuture.supplyAsync(() -> running.stop(LONG));
    // The calls that are under way hold the port open; new connections find it closed.
    gate.open();
    for (CompletableFuture<InferResult> answer : sent) {
      assertThat(answer.join().output("OUTPUT0").floats()).hasSize(4);
    }
    assertThat(stopped.join()).isTrue();
    assertThat(failureOf(client().infer(request("m", 1)))).startsWith("UNAVAILABLE");
  }

  @Test
  void requestsThatComeDuringAStopAreRefusedAndNeverLost() throws Exception {
    models.identity("m", "dynamic_batching { max_queue_delay_microseconds: 500 }", "1");
    NereidServer running = start();
    ExecutorService senders = Executors.newFixedThreadPool(4);
    try {
      CountDownLatch underWay = new CountDownLatch(4);
      List<Future<?>> outcomes = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        outcomes.add(
            senders.submit(
                () -> {
                  int answered = 0;
                  while (true) {
                    String failure = failureOf(client().infer(request("m", 1)));
                    if (!failure.startsWith("answered")) {
                      assertThat(failure).startsWith("UNAVAILABLE");
                      return;
                    }
                    if (++answered == 1) {
                      underWay.countDown();
                    }
                  }
                }));
      }
      underWay.await();
      assertThat(running.stop(LONG)).isTrue();
      for (Future<?> outcome : outcomes) {
        outcome.get();
      }
    } finally {
      senders.shutdown();
    }
  }

  @Test
  void aStopLetsNothingWaitForABetterBatch() throws Exception {
    models.identity("m", "dynamic_batching { max_queue_delay_microseconds: 3600000000 }", "1");
    NereidServer running = start();
    CompletableFuture<InferResult> waits = client().infer(request("m", 1));
    // Answered when the server has taken the call before it on this connection.
    assertThat(client().serverReady().join()).isTrue();

    assertThat(running.stop(LONG)).isTrue();
    assertThat(waits.join().output("OUTPUT0").floats()).hasSize(4);
  }

  @Test
  void aStopThatTakesTooLongSaysSo() throws Exception {
    Gate gate = new Gate();
    models.identity("m", SLOW, "1");
    NereidServer running = open(gate.backend());
    running.load();
    CompletableFuture<InferResult> sent = client().infer(request("m", 1));
    gate.awaitEntered(1);
    assertThat(running.stop(Duration.ZERO)).isFalse();
    gate.open();
    assertThat(sent.join().output("OUTPUT0").floats()).hasSize(4);
  }

  @Test
  void whatWaitsWhenAStopHasTakenTooLongIsTold() throws Exception {
    Gate gate = new Gate();
    models.identity("m", SLOW, "1");
    NereidServer running = open(gate.backend());
    running.load();
    CompletableFuture<InferResult> runs = client().infer(request("m", 1));
    CompletableFuture<InferResult> waits = client().infer(request("m", 1));
    gate.awaitEntered(1);
    // Answered when the server has taken the calls before it on this connection.
    assertThat(client().serverReady().join()).isTrue();

    assertThat(running.stop(Duration.ZERO)).isFalse();
    assertThat(failureOf(waits)).contains("UNAVAILABLE").contains("Server is stopping");
    gate.open();
    assertThat(runs.join().output("OUTPUT0").floats()).hasSize(4);
  }

  @Test
  void aBackendStaysOpenUnderALoadThatAStopDidNotWaitFor() throws Exception {
    LoadingBackend backend = new LoadingBackend();
    models.config("m", LoadingBackend.CONFIG, "1");
    NereidServer running = open(backend.provider());
    Thread loader =
        new Thread(
            () -> {
              try {
                running.load();
              } catch (StartException expected) {
                backend.events.add("not loaded");
              }
            });
    loader.start();
    backend.entered.await();
    assertThat(running.stop(LONG)).isTrue();
    assertThat(backend.events).isEmpty();
    backend.go.countDown();
    loader.join();

    assertThat(backend.events)
        .containsExactly("instance closed", "model closed", "backend closed", "not loaded");
  }

  @Test
  void aStopDoesNotWaitForAModelThatWasLoadedTooLateToBeUnloaded() throws Exception {
    CountDownLatch mayClose = new CountDownLatch(1);
    LoadingBackend backend = new LoadingBackend(mayClose);
    models.config("m", LoadingBackend.CONFIG, "1");
    NereidServer running = open(backend.provider());
    CompletableFuture<Void> loaded =
        CompletableFuture.runAsync(
            () -> {
              try {
                running.load();
              } catch (StartException expected) {
                backend.events.add("not loaded");
              }
            });
    backend.entered.await();
    assertThat(running.stop(LONG)).isTrue();
    backend.go.countDown();
    backend.closing.await();

    assertThat(CompletableFuture.supplyAsync(() -> running.stop(LONG))).succeedsWithin(LONG);
    mayClose.countDown();
    loaded.join();
    assertThat(backend.events).endsWith("backend closed", "not loaded");
  }

  @Test
  void metricsAndStatisticsEqualWhatConcurrentClientsSent() throws Exception {
    models
        .identity("batched", "dynamic_batching { max_queue_delay_microseconds: 200 }", "1")
        .identity("single", "", "2");
    NereidServer running = start();
    int threads = 8;
    int requests = 200;
    ExecutorService senders = Executors.newFixedThreadPool(threads);
    try {
      List<Future<?>> done = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        int rows = 1 + i % 4;
        done.add(
            senders.submit(
                () -> {
                  List<CompletableFuture<InferResult>> sent = new ArrayList<>();
                  for (int r = 0; r < requests; r++) {
                    sent.add(client().infer(request("batched", rows)));
                    sent.add(client().infer(request("single", rows)));
                  }
                  sent.add(client().infer(request("single", 8)));
                  sent.forEach(CompletableFuture::join);
                  // Refused: none of these may be counted as a failure.
                  assertThat(failureOf(client().infer(request("single", 9))))
                      .startsWith("INVALID_ARGUMENT");
                }));
      }
      for (Future<?> sender : done) {
        sender.get();
      }
    } finally {
      senders.shutdown();
    }
    PrometheusPage page = metrics(running);
    int sent = threads * requests;
    int rows = 2 * (1 + 2 + 3 + 4) * requests;
    String batched = "model=batched, version=1";
    String single = "model=single, version=2";
    assertThat(page.value("nv_inference_request_success", batched)).isEqualTo(sent);
    assertThat(page.value("nv_inference_count", batched)).isEqualTo(rows);
    assertThat(page.value("nv_inference_request_success", single)).isEqualTo(sent + threads);
    assertThat(page.value("nv_inference_exec_count", single)).isEqualTo(sent + threads);
    assertThat(page.value("nv_inference_count", single)).isEqualTo(rows + 8 * threads);
    assertThat(page.value("nereid_batch_rows_sum", batched)).isEqualTo(rows);
    assertThat(page.value("nereid_batch_rows_count", batched))
        .isEqualTo(page.value("nv_inference_exec_count", batched))
        .isLessThanOrEqualTo(sent);
    assertThat(page.value("nereid_request_duration_seconds_count", single))
        .isEqualTo(sent + threads);
    assertThat(
            page.value("nereid_requests_refused_total", "model=single, reason=INVALID, version=2"))
        .isEqualTo(threads);
    assertThat(page.value("nv_inference_request_failure", "model=single, reason=OTHER, version=2"))
        .isZero();
    assertThat(page.value("nv_inference_pending_request_count", batched)).isZero();
    assertThat(page.value("nereid_tensor_memory_used_bytes", "")).isZero();
    var statistics = client().modelStatistics("batched", "1").join().getModelStats(0);
    assertThat(statistics.getInferenceCount()).isEqualTo(rows);
    assertThat(statistics.getInferenceStats().getSuccess().getCount()).isEqualTo(sent);
    assertThat(page.value("nv_inference_request_duration_us", batched))
        .isEqualTo(Math.floor(statistics.getInferenceStats().getSuccess().getNs() / 1000.0));
  }

  @Test
  void goodModelsAreServedAmongBadOnes() throws Exception {
    models
        .identity("good", "", "1")
        .config("garbage", "max_batch_size: \"", "1")
        .config("stranger", "backend: \"tensorflow\"\n", "1");
    NereidServer running = start("--exit-on-error=false");
    assertThat(client().serverLive().join()).isTrue();
    assertThat(client().serverReady().join()).isFalse();
    assertThat(client().infer(request("good", 1)).join().output("OUTPUT0").floats()).hasSize(4);
    assertThat(failureOf(client().infer(request("stranger", 1))))
        .isEqualTo("NOT_FOUND Request for unknown model: 'stranger' has no available versions");
    assertThat(client().repositoryIndex(false).join().getModelsList())
        .filteredOn(model -> model.getName().equals("stranger"))
        .singleElement()
        .satisfies(
            model -> {
              assertThat(model.getState()).isEqualTo("UNAVAILABLE");
              assertThat(model.getReason())
                  .contains("unable to find backend library for backend 'tensorflow'");
            });
    assertThat(metrics(running).types()).containsKey("nv_inference_count");
  }

  @Test
  void withoutStrictReadinessAServerWithABadModelIsReady() throws Exception {
    models.config("garbage", "{", "1");
    start("--exit-on-error=false", "--strict-readiness=false");
    assertThat(client().serverReady().join()).isTrue();
  }

  @Test
  void aBadModelEndsTheStartUnlessTheFlagSaysOtherwise() {
    models.identity("good", "", "1").config("garbage", "{", "1");
    assertThatThrownBy(() -> NereidServer.start(options()))
        .isInstanceOf(StartException.class)
        .hasMessage("Internal - failed to load all models");
  }

  @Test
  void aModelInTwoRepositoriesIsServedFromNeither() throws Exception {
    models.identity("twice", "", "1").identity("once", "", "1");
    ModelFolders others = new ModelFolders(directory.resolve("others")).identity("twice", "", "1");
    start("--exit-on-error=false", "--model-repository=" + others.path());
    assertThat(failureOf(client().modelReady("twice", "")))
        .isEqualTo("NOT_FOUND Request for unknown model: 'twice' has no available versions");
    assertThat(client().modelReady("once", "").join()).isTrue();
  }

  @Test
  void aRepositoryThatIsNotThereIsRefused() {
    assertThatThrownBy(() -> NereidServer.open(options("--model-repository=/no/such")))
        .isInstanceOf(StartException.class)
        .hasMessage(
            "Internal - --model-repository: /no/such (expected: a directory that can be read)");
  }

  @Test
  void aPortThatIsTakenIsNamedWithItsFlag() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int port = taken.getLocalPort();
      assertThatThrownBy(() -> NereidServer.open(options("--grpc-port=" + port)))
          .isInstanceOf(StartException.class)
          .hasMessageContaining("--grpc-port: " + port)
          .hasMessageContaining("Address already in use");
      assertThatThrownBy(() -> NereidServer.open(options("--metrics-port=" + port)))
          .isInstanceOf(StartException.class)
          .hasMessageContaining("--metrics-port: " + port)
          .hasMessageContaining("Address already in use");
    }
  }

  @Test
  void anAddressThatIsNoneIsNamedWithItsFlag() {
    assertThatThrownBy(() -> NereidServer.open(options("--grpc-address=no address")))
        .isInstanceOf(StartException.class)
        .hasMessageContaining("--grpc-address no address")
        .hasMessageContaining("UnresolvedAddressException");
    assertThatThrownBy(() -> NereidServer.open(options("--metrics-address=no address")))
        .isInstanceOf(StartException.class)
        .hasMessageContaining("--metrics-address of no address")
        .hasMessageContaining("UnresolvedAddressException");
  }

  @Test
  void aServerThatCouldNotStartLeavesNoPortOpen() throws Exception {
    int metricsPort;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      metricsPort = free.getLocalPort();
    }
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      ServerOptions options =
          options("--grpc-port=" + taken.getLocalPort(), "--metrics-port=" + metricsPort);
      assertThatThrownBy(() -> NereidServer.open(options)).isInstanceOf(StartException.class);
    }
    try (ServerSocket again = new ServerSocket(metricsPort, 1, InetAddress.getLoopbackAddress())) {
      assertThat(again.isBound()).isTrue();
    }
  }

  @Test
  void portsCanBeLeftClosed() throws Exception {
    NereidServer running =
        NereidServer.start(options("--allow-grpc=false", "--allow-metrics=false"));
    server = running;
    assertThat(running.grpcPort()).isEmpty();
    assertThat(running.metricsPort()).isEmpty();
  }

  @Test
  void metricsOfTheMachineCanBeLeftOut() throws Exception {
    models.identity("m", "", "1");
    assertThat(metrics(start("--allow-cpu-metrics=false")).types())
        .containsKey("nv_inference_count")
        .doesNotContainKeys("nv_cpu_utilization", "nv_cpu_memory_used_bytes");
  }

  @Test
  void twoServersMayShareAPort() throws Exception {
    NereidServer first = start("--reuse-grpc-port=true");
    int port = first.grpcPort().orElseThrow();
    try (NereidServer second =
        NereidServer.open(options("--reuse-grpc-port=true", "--grpc-port=" + port))) {
      assertThat(second.grpcPort()).hasValue(port);
    }
  }

  @Test
  void anInstanceThatDiesMakesItsVersionNotReadyAndTheLastTakesItOutOfService() throws Exception {
    models.config(
        "m",
        """
        backend: "mortal"
        max_batch_size: 8
        input [ { name: "INPUT0" data_type: TYPE_FP32 dims: [ 4 ] } ]
        output [ { name: "OUTPUT0" data_type: TYPE_FP32 dims: [ 4 ] } ]
        instance_group [ { kind: KIND_CPU count: 2 } ]
        """,
        "1");
    open(MortalBackend.provider()).load();
    assertThat(client().serverReady().join()).isTrue();
    assertThat(client().modelReady("m", "").join()).isTrue();
    assertThat(failureOf(client().infer(request("m", 1)))).contains("the device is lost");
    // The fault is told on the instance's thread, after the answer.
    while (client().serverReady().join()) {
      Thread.onSpinWait();
    }
    assertThat(client().modelReady("m", "1").join()).isFalse();
    assertThat(client().repositoryIndex(true).join().getModels(0))
        .returns("READY", ModelIndex::getState)
        .satisfies(
            row ->
                assertThat(row.getReason())
                    .matches("instance 'm_0_[01]' failed: the device is lost"));

    assertThat(failureOf(client().infer(request("m", 1))))
        .as("one instance is left, and serves")
        .contains("the device is lost");
    while (!client().repositoryIndex(true).join().getModelsList().isEmpty()) {
      Thread.onSpinWait();
    }
    assertThat(failureOf(client().modelReady("m", "1")))
        .isEqualTo("UNAVAILABLE Request for unknown model: 'm' version 1 is not at ready state");
    assertThat(client().serverLive().join()).isTrue();
    assertThat(client().repositoryIndex(false).join().getModels(0))
        .returns("UNAVAILABLE", ModelIndex::getState);
    assertThat(failureOf(client().infer(request("m", 1))))
        .isEqualTo("NOT_FOUND Request for unknown model: 'm' has no available versions");
  }

  @Test
  void tensorsMayLieInSharedMemoryWhereItIsAllowed() throws Exception {
    models.identity("m", "", "1");
    NereidServer started = start("--allow-client-shm=true");
    String key = "/nereid-test-" + UUID.randomUUID();
    try (SystemSharedMemory memory = SystemSharedMemory.create(key, 4096)) {
      client().registerSystemSharedMemory("r", key, 0, 4096).join();
      memory.bytes(64, 16).asFloatBuffer().put(new float[] {1, 2, 3, 4});

      InferResult result =
          client()
              .infer(
                  InferRequest.to("m")
                      .input(
                          InferInput.inSharedMemory(
                              "INPUT0",
                              DataType.FP32,
                              new long[] {1, 4},
                              new SharedMemoryPart("r", 64, 16)))
                      .output(
                          RequestedOutput.inSharedMemory(
                              "OUTPUT0", new SharedMemoryPart("r", 1024, 64)))
                      .build())
              .join();

      assertThat(result.output("OUTPUT0").shape()).containsExactly(1, 4);
      assertThat(memory.bytes(1024 + 12, 4).getFloat()).isEqualTo(4);
      assertThat(client().systemSharedMemoryStatus("").join().getRegionsMap())
          .containsOnlyKeys("r");
      PrometheusPage page = metrics(started);
      assertThat(page.value("nv_inference_request_success", "model=m, version=1")).isEqualTo(1);
      assertThat(page.value("nv_pinned_memory_pool_used_bytes", "")).isZero();
      assertThat(mappings(key)).isEqualTo(2);

      // What clients leave registered goes with the server.
      started.close();
      assertThat(mappings(key)).isEqualTo(1);
      memory.bytes(0, 1).put((byte) 1);
    }
  }

  /** How often this process, which is server and client, has an object mapped. */
  private static long mappings(String key) throws IOException {
    return Files.readAllLines(Path.of("/proc/self/maps")).stream()
        .filter(line -> line.contains(key))
        .count();
  }
}
