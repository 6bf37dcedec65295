package dev.nereid.server.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.BackendProvider;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import dev.nereid.server.MortalBackend;
import dev.nereid.server.backend.BackendRegistry;
import dev.nereid.server.backend.IdentityBackend;
import dev.nereid.server.config.ModelConfigLoader;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.InferenceRequest;
import dev.nereid.server.inference.InferenceResponse;
import dev.nereid.server.inference.ResponseObserver;
import dev.nereid.server.inference.Tensor;
import dev.nereid.server.memory.PinnedMemory;
import dev.nereid.server.memory.TensorMemory;
import dev.nereid.server.metrics.MetricsPage;
import dev.nereid.server.metrics.ModelCollector;
import dev.nereid.server.repository.ModelLookup.IndexEntry;
import dev.nereid.server.scheduling.Clock;
import dev.nereid.server.scheduling.ManualClock;
import dev.nereid.server.scheduling.SystemClock;
import dev.nereid.server.scheduling.ThreadPlacement;
import dev.nereid.tensor.DataType;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** Repositories on disk, loaded for real with the identity backend. */
@SuppressWarnings("NullAway.Init") // JUnit fills these before each test.
class ModelRepositoryTest {

  @TempDir Path directory;

  private final SystemClock clock = new SystemClock();
  private final ModelCollector collector = new ModelCollector(true);
  private ModelFolders models;
  private BackendRegistry backends;
  private boolean strictReadiness = true;
  private List<Integer> gpus = List.of();
  private final List<String> gpuFaults = new CopyOnWriteArrayList<>();

  @BeforeEach
  void createRepository() throws IOException {
    models = new ModelFolders(Files.createDirectory(directory.resolve("models")));
    use(IdentityBackend.provider());
  }

  private void use(BackendProvider provider) {
    backends =
        new BackendRegistry(List.of(directory.resolve("backends")), Map.of(), List.of(provider));
  }

  @AfterEach
  void close() {
    backends.close();
    clock.close();
  }

  private ModelRepository scan(Path... more) throws IOException {
    return scan(clock, more);
  }

  private ModelRepository scan(Clock clock, Path... more) throws IOException {
    List<Path> repositories = new java.util.ArrayList<>(List.of(models.path()));
    repositories.addAll(List.of(more));
    return new ModelRepository(
        repositories,
        new ModelConfigLoader(
            backends::backend, new ModelConfigLoader.Options(true, Optional.empty(), gpus)),
        PinnedMemory.none(new TensorMemory(1 << 20)),
        clock,
        collector,
        strictReadiness,
        gpuFaults::add,
        ThreadPlacement.ANYWHERE);
  }

  private static InferenceRequest requestThatFails(CountDownLatch told) {
    Tensor input =
        new Tensor(
            "INPUT0", DataType.FP32, new long[] {1}, Unpooled.directBuffer(4).writeFloatLE(1));
    return new InferenceRequest(
        "",
        List.of(input),
        List.of(),
        1,
        0,
        0,
        InferenceRequest.NO_DEADLINE,
        0,
        Map.of(),
        Map.of(),
        new ResponseObserver() {
          @Override
          public void completed(InferenceResponse response) {
            response.release();
          }

          @Override
          public void failed(InferenceException reason) {
            told.countDown();
          }
        });
  }

  @Test
  void whatAGpuFailsForGoodIsToldOfAndACpuInstanceIsNot() throws Exception {
    use(MortalBackend.provider());
    gpus = List.of(0, 1);
    String config =
        """
        backend: "mortal"
        input [ { name: "INPUT0" data_type: TYPE_FP32 dims: [ 1 ] } ]
        output [ { name: "OUTPUT0" data_type: TYPE_FP32 dims: [ 1 ] } ]
        instance_group [ { kind: %s } ]
        """;
    models.config("on_cpu", config.formatted("KIND_CPU"), "1");
    models.config("on_gpu", config.formatted("KIND_GPU gpus: [ 1 ]"), "1");
    try (ModelRepository repository = scan()) {
      assertThat(repository.loadAll(1)).isTrue();
      for (String model : List.of("on_cpu", "on_gpu")) {
        CountDownLatch told = new CountDownLatch(1);
        repository.resolve(model, 0).scheduler().enqueue(requestThatFails(told));
        told.await();
        // The fault is told on the instance's thread, after the answer.
        while (textOf(repository, model, 0).startsWith("version")) {
          Thread.onSpinWait();
        }
      }
      assertThat(repository.isReady()).isFalse();
    }
    assertThat(gpuFaults).containsExactly("instance 'on_gpu_0_0' failed: the device is lost");
  }

  private static String textOf(ModelRepository repository, String model, long version) {
    try {
      return "version " + repository.resolve(model, version).version();
    } catch (InferenceException e) {
      return e.code() + " " + e.text();
    }
  }

  @Test
  void everyModelIsLoadedAndReady() throws Exception {
    models.identity("a", "", "1").identity("b", "", "3");
    try (ModelRepository repository = scan()) {
      assertThat(repository.isReady()).isFalse();
      assertThat(repository.loadAll(4)).isTrue();
      assertThat(repository.isReady()).isTrue();
      assertThat(repository.index(false))
          .containsExactly(
              new IndexEntry("a", "1", "READY", ""), new IndexEntry("b", "3", "READY", ""));
      assertThat(repository.resolve("a", 0).config().getName()).isEqualTo("a");
      assertThat(repository.readyVersions("b"))
          .extracting(ModelVersion::version)
          .containsExactly(3L);
    }
  }

  @Test
  void anEmptyRepositoryIsReady() throws Exception {
    try (ModelRepository repository = scan()) {
      assertThat(repository.loadAll(1)).isTrue();
      assertThat(repository.isReady()).isTrue();
      assertThat(repository.index(false)).isEmpty();
    }
  }

  @Test
  void hiddenFoldersAndFilesAreNoModels() throws Exception {
    models.identity("a", "", "1").identity(".git", "", "1");
    Files.writeString(models.path().resolve("README.md"), "no model");
    try (ModelRepository repository = scan()) {
      assertThat(repository.loadAll(1)).isTrue();
      assertThat(repository.index(false)).extracting(IndexEntry::name).containsExactly("a");
    }
  }

  @Test
  void aRepositoryThatIsNotThereIsRefused() {
    assertThatThrownBy(() -> scan(directory.resolve("nowhere")))
        .isInstanceOf(IOException.class)
        .hasMessage(
            "--model-repository: "
                + directory.resolve("nowhere")
                + " (expected: a directory that can be read)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        " | 10",
        "version_policy { latest { num_versions: 2 } } | 3 10",
        "version_policy { all {} } | 1 3 10",
        "version_policy { specific { versions: [ 1, 3 ] } } | 1 3",
      })
  void theVersionPolicySaysWhichVersionsAreServed(String policy, String served) throws Exception {
    models.identity("a", policy == null ? "" : policy, "1", "3", "10", "007", "0", "x");
    try (ModelRepository repository = scan()) {
      assertThat(repository.loadAll(2)).isTrue();
      assertThat(repository.index(true).stream().map(IndexEntry::version))
          .containsExactly(served.split(" "));
      String[] versions = served.split(" ");
      assertThat(textOf(repository, "a", 0)).isEqualTo("version " + versions[versions.length - 1]);
    }
  }

  @Test
  void lookUpsFailWithTritonsTexts() throws Exception {
    models
        .identity("a", "", "1")
        .identity(
            "broken",
            "parameters { key: \"execute_delay_ms\" value: { string_value: \"x\" } }",
            "2");
    try (ModelRepository repository = scan()) {
      assertThat(repository.loadAll(2)).isFalse();
      assertThat(textOf(repository, "nope", 0))
          .isEqualTo("NOT_FOUND Request for unknown model: 'nope' is not found");
      assertThat(textOf(repository, "nope", 1))
          .isEqualTo("NOT_FOUND Request for unknown model: 'nope' is not found");
      assertThat(textOf(repository, "a", 9))
          .isEqualTo("NOT_FOUND Request for unknown model: 'a' version 9 is not found");
      assertThat(textOf(repository, "broken", 0))
          .isEqualTo("NOT_FOUND Request for unknown model: 'broken' has no available versions");
      assertThat(textOf(repository, "broken", 2))
          .isEqualTo(
              "UNAVAILABLE Request for unknown model: 'broken' version 2 is not at ready state");
      assertThat(repository.readyVersions("broken")).isEmpty();
      assertThat(repository.readyVersions("nope")).isEmpty();
    }
  }

  @Test
  void modelsThatCannotBeLoadedStopNoOther() throws Exception {
    models
        .identity("good", "", "1")
        .config("garbage", "max_batch_size: \"eight", "1")
        .config("stranger", "backend: \"tensorflow\"", "1")
        .identity("empty", "")
        .identity(
            "broken",
            "parameters { key: \"execute_delay_ms\" value: { string_value: \"-1\" } }",
            "1");
    Files.createDirectory(models.path().resolve("bare"));
    try (ModelRepository repository = scan()) {
      assertThat(repository.loadAll(4)).isFalse();
      assertThat(repository.isReady()).isFalse();
      assertThat(repository.index(true)).containsExactly(new IndexEntry("good", "1", "READY", ""));
      assertThat(repository.index(false))
          .extracting(IndexEntry::name, IndexEntry::version, IndexEntry::state)
          .containsExactly(
              tuple("bare", "", "UNAVAILABLE"),
              tuple("broken", "1", "UNAVAILABLE"),
              tuple("empty", "", "UNAVAILABLE"),
              tuple("garbage", "", "UNAVAILABLE"),
              tuple("good", "1", "READY"),
              tuple("stranger", "", "UNAVAILABLE"));
      assertThat(reason(repository, "broken"))
          .isEqualTo(
              models.path()
                  + "/broken/config.pbtxt:6:1: parameters['execute_delay_ms']: -1 (expected: an integer from 0 to 2147483647)");
      assertThat(reason(repository, "stranger"))
          .isEqualTo(
              "unable to find backend library for backend 'tensorflow', try specifying runtime on"
                  + " the model configuration.");
      assertThat(reason(repository, "garbage")).contains("garbage/config.pbtxt:1:");
      assertThat(reason(repository, "empty"))
          .isEqualTo(
              models.path()
                  + "/empty/config.pbtxt: at least one version must be available under the version policy of model 'empty'");
      assertThat(repository.resolve("good", 1).version()).isEqualTo(1);
    }
  }

  private static String reason(ModelRepository repository, String model) {
    return repository.index(false).stream()
        .filter(entry -> entry.name().equals(model))
        .map(IndexEntry::reason)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void withoutStrictReadinessAFailedModelDoesNotMatter() throws Exception {
    strictReadiness = false;
    models.identity("good", "", "1").config("garbage", "{", "1");
    try (ModelRepository repository = scan()) {
      assertThat(repository.isReady()).isFalse();
      assertThat(repository.loadAll(4)).isFalse();
      assertThat(repository.isReady()).isTrue();
    }
  }

  @Test
  void aModelInTwoRepositoriesIsLoadedFromNeither() throws Exception {
    models.identity("twice", "", "1").identity("once", "", "1");
    ModelFolders others = new ModelFolders(directory.resolve("others")).identity("twice", "", "1");
    try (ModelRepository repository = scan(others.path())) {
      assertThat(repository.loadAll(4)).isFalse();
      assertThat(reason(repository, "twice"))
          .isEqualTo(
              "model 'twice' is in more than one repository: %s, %s (expected: in one)"
                  .formatted(models.path().resolve("twice"), others.path().resolve("twice")));
      assertThat(textOf(repository, "once", 0)).isEqualTo("version 1");
    }
  }

  @Test
  void aRepositoryThatIsGivenTwiceCountsOnce() throws Exception {
    models.identity("a", "", "1");
    try (ModelRepository repository = scan(models.path().resolve("../models"))) {
      assertThat(repository.loadAll(1)).isTrue();
      assertThat(textOf(repository, "a", 0)).isEqualTo("version 1");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"-wx------", "rw-------"})
  void aRepositoryThatMayNotBeReadIsRefused(String permissions) throws Exception {
    Path secret = Files.createDirectory(directory.resolve("secret"));
    Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString(permissions));
    assumeFalse(Files.isReadable(secret) && Files.isExecutable(secret), "root may read everything");
    assertThatThrownBy(() -> scan(secret))
        .isInstanceOf(IOException.class)
        .hasMessage("--model-repository: " + secret + " (expected: a directory that can be read)");
  }

  @Test
  void modelsAreKnownAsLoadingUntilTheyAreReady() throws Exception {
    CountDownLatch created = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    use(
        IdentityBackend.provider(
            delay -> {
              created.countDown();
              go.await();
            }));
    models
        .identity("quick", "", "1")
        .identity(
            "slow",
            "parameters { key: \"creation_delay_sec\" value: { string_value: \"1\" } }",
            "1");
    try (ModelRepository repository = scan()) {
      assertThat(textOf(repository, "quick", 0))
          .isEqualTo("UNAVAILABLE Request for unknown model: 'quick' is not at ready state");
      assertThat(repository.index(false))
          .containsExactly(
              new IndexEntry("quick", "", "LOADING", ""),
              new IndexEntry("slow", "", "LOADING", ""));
      Thread loader = new Thread(() -> repository.loadAll(2));
      loader.start();
      created.await();
      assertThat(repository.index(false)).contains(new IndexEntry("slow", "1", "LOADING", ""));
      assertThat(textOf(repository, "slow", 1))
          .isEqualTo(
              "UNAVAILABLE Request for unknown model: 'slow' version 1 is not at ready state");
      assertThat(repository.isReady()).isFalse();
      go.countDown();
      loader.join();
      assertThat(repository.isReady()).isTrue();
    }
  }

  @Test
  void modelsAreLoadedAtTheSameTime() throws Exception {
    CyclicBarrier threeAtOnce = new CyclicBarrier(3);
    use(
        IdentityBackend.provider(
            delay -> {
              try {
                threeAtOnce.await();
              } catch (java.util.concurrent.BrokenBarrierException e) {
                throw new IllegalStateException(e);
              }
            }));
    String delay = "parameters { key: \"creation_delay_sec\" value: { string_value: \"1\" } }";
    models.identity("a", delay, "1").identity("b", delay, "1").identity("c", delay, "1");
    try (ModelRepository repository = scan()) {
      assertThat(repository.loadAll(3)).isTrue();
    }
  }

  @Test
  void aModelThatIsInMemoryServesBeforeTheNextOneIsLoaded() throws Exception {
    CompletableFuture<ModelRepository> started = new CompletableFuture<>();
    use(
        identity(
            model -> {
              long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
              while (model.equals("b") && started.join().readyVersions("a").isEmpty()) {
                assertThat(System.nanoTime() - end).as("a waits for b").isNegative();
              }
            }));
    models.identity("a", "", "1").identity("b", "", "1");
    try (ModelRepository repository = scan()) {
      started.complete(repository);
      assertThat(repository.loadAll(1)).isTrue();
    }
  }

  /** The identity backend, and what else is done when a model of that name is loaded. */
  private static BackendProvider identity(Consumer<String> whenLoaded) {
    BackendProvider provider = IdentityBackend.provider();
    return new BackendProvider() {
      @Override
      public String name() {
        return provider.name();
      }

      @Override
      public Backend start(Map<String, String> settings) throws BackendException {
        Backend backend = provider.start(settings);
        return new Backend() {
          @Override
          public String defaultModelFilename() {
            return backend.defaultModelFilename();
          }

          @Override
          public Set<InstanceKind> kinds() {
            return backend.kinds();
          }

          @Override
          public ModelSignature inspect(ModelSource source) throws BackendException {
            return backend.inspect(source);
          }

          @Override
          public LoadedModel load(ModelSpec spec) throws BackendException {
            whenLoaded.accept(spec.source().modelName());
            return backend.load(spec);
          }
        };
      }
    };
  }

  @Test
  void aModelThatLoadsForMinutesIsNamedInTheLogEveryMinute() throws Exception {
    ManualClock turned = new ManualClock();
    // The only thread that loads turns the clock, as if making the instance took two minutes.
    use(
        IdentityBackend.provider(
            delay -> {
              long end = turned.nanoTime() + Duration.ofMinutes(2).toNanos();
              while (turned.nextAlarm(end)) {
                assertThat(turned.nanoTime() - end).isNotPositive();
              }
            }));
    models.identity("waits", "", "1");
    models.identity(
        "slow", "parameters { key: \"creation_delay_sec\" value: { string_value: \"1\" } }", "1");
    BlockingQueue<String> said = new LinkedBlockingQueue<>();
    AppenderBase<ILoggingEvent> appender =
        new AppenderBase<>() {
          @Override
          protected void append(ILoggingEvent event) {
            if (event.getFormattedMessage().startsWith("still")) {
              said.add(event.getFormattedMessage());
            }
          }
        };
    appender.start();
    Logger logger = (Logger) LoggerFactory.getLogger(ModelRepository.class);
    logger.addAppender(appender);
    try (ModelRepository repository = scan(turned)) {
      assertThat(repository.loadAll(1)).isTrue();
      assertThat(turned.alarms()).isZero();
      List<@Nullable String> lines =
          Arrays.asList(said.poll(60, TimeUnit.SECONDS), said.poll(60, TimeUnit.SECONDS));
      assertThat(lines)
          .containsExactlyInAnyOrder(
              "still loading after 60 s: slow:1", "still loading after 120 s: slow:1");
    } finally {
      logger.detachAppender(appender);
    }
  }

  @Test
  void instancesOfAModelAreMadeAtTheSameTime() throws Exception {
    CyclicBarrier twoAtOnce = new CyclicBarrier(2);
    use(
        IdentityBackend.provider(
            delay -> {
              try {
                twoAtOnce.await();
              } catch (java.util.concurrent.BrokenBarrierException e) {
                throw new IllegalStateException(e);
              }
            }));
    models.identity(
        "a",
        "instance_group [ { kind: KIND_CPU count: 1 } ]"
            + "parameters { key: \"creation_delay_sec\" value: { string_value: \"1\" } }",
        "1");
    try (ModelRepository repository = scan()) {
      assertThat(repository.loadAll(2)).isTrue();
    }
  }

  @Test
  void enginesHaveRoomToRecurseWhileTheyLoad() throws Exception {
    use(IdentityBackend.provider(delay -> assertThat(descend(100_000)).isEqualTo(100_000)));
    models.identity(
        "a", "parameters { key: \"creation_delay_sec\" value: { string_value: \"1\" } }", "1");
    try (ModelRepository repository = scan()) {
      assertThat(repository.loadAll(1)).isTrue();
    }
  }

  private static int descend(int frames) {
    return frames == 0 ? 0 : 1 + descend(frames - 1);
  }

  @Test
  void metricsShowAVersionWhileItServes() throws Exception {
    models.identity("a", "", "1");
    MetricsPage page = new MetricsPage(collector);
    try (ModelRepository repository = scan()) {
      assertThat(page.text()).isEmpty();
      assertThat(repository.loadAll(1)).isTrue();
      assertThat(page.text())
          .contains("nv_inference_request_success{model=\"a\",version=\"1\"} 0\n")
          .contains("nv_model_load_duration_secs{model=\"a\",version=\"1\"} ");
    }
    assertThat(page.text()).isEmpty();
  }

  @Test
  void aClosedRepositoryServesNothing() throws Exception {
    models.identity("a", "", "1");
    ModelRepository repository = scan();
    assertThat(repository.loadAll(1)).isTrue();
    repository.close();
    repository.close();
    assertThat(repository.isReady()).isFalse();
    assertThat(repository.index(false))
        .containsExactly(new IndexEntry("a", "1", "UNAVAILABLE", "unloaded"));
    assertThat(textOf(repository, "a", 1))
        .isEqualTo("UNAVAILABLE Request for unknown model: 'a' version 1 is not at ready state");
  }
}
