package dev.nereid.backend.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.OrtSession.SessionOptions.ExecutionMode;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.GpuOptions;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LanedInstance;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.contract.ContractModel;
import dev.nereid.backend.contract.TestBatch;
import dev.nereid.backend.contract.TestRequest;
import dev.nereid.backend.contract.TestTensor;
import dev.nereid.tensor.DataType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@SuppressWarnings("NullAway.Init") // JUnit fills the directory before each test.
class SessionSettingsTest {

  @TempDir private Path directory;

  private ContractModel echo(Map<String, String> parameters) throws Exception {
    Path version = Files.createDirectories(directory.resolve("echo").resolve("1"));
    return OnnxModels.echo(version, 8, DataType.FP32, -1, 3).withParameters(parameters);
  }

  private static void assertRuns(ModelSpec spec) throws Exception {
    Backend backend = new OnnxRuntimeProvider().start(Map.of());
    TestTensor tensor = TestTensor.fp32(new long[] {1, 3}, 1, 2, 3);
    try (LoadedModel model = backend.load(spec);
        ModelInstance instance =
            model.createInstance(new InstanceSpec("echo_0_0", InstanceKind.CPU, 0))) {
      TestBatch batch = TestBatch.of(new TestRequest("INPUT", tensor));
      instance.execute(batch);
      assertThat(batch.assertSound().output(0, "OUTPUT").floats()).containsExactly(1, 2, 3);
    }
  }

  @Test
  void defaultsAreTritons() throws Exception {
    SessionSettings settings = SessionSettings.parse(echo(Map.of()).spec());
    assertThat(settings)
        .isEqualTo(
            new SessionSettings(
                OptLevel.ALL_OPT,
                OptionalInt.empty(),
                OptionalInt.empty(),
                ExecutionMode.SEQUENTIAL,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Map.of(),
                GpuSettings.DEFAULT));
    Backend backend = new OnnxRuntimeProvider().start(Map.of());
    assertThat(backend.defaultMaxBatchSize()).isEqualTo(4);
    assertThat(backend.defaultCpuInstanceCount()).isEqualTo(2);
    assertThat(backend.defaultModelFilename()).isEqualTo("model.onnx");
  }

  @Test
  void everyParameterReachesTheSession() throws Exception {
    Map<String, String> parameters =
        Map.of(
            "intra_op_thread_count", "2",
            "inter_op_thread_count", "1",
            "execution_mode", "1",
            "enable_mem_arena", "0",
            "enable_mem_pattern", "false",
            "session.use_device_allocator_for_initializers", "1",
            "session.intra_op.allow_spinning", "0");
    ModelSpec spec = echo(parameters).spec();
    SessionSettings settings = SessionSettings.parse(spec);
    assertThat(settings.executionMode()).isEqualTo(ExecutionMode.PARALLEL);
    assertThat(settings.memoryArena()).hasValue(false);
    assertThat(settings.memoryPattern()).hasValue(false);
    try (SessionOptions options = settings.options(BackendSettings.parse(Map.of()))) {
      assertThat(options.getConfigEntries())
          .containsEntry("session.use_device_allocator_for_initializers", "1")
          .containsEntry("session.intra_op.allow_spinning", "0");
    }
    assertRuns(spec);
  }

  @Test
  void arenasShrinkAfterARunWhereAskedFor() throws Exception {
    assertRuns(echo(Map.of("memory.enable_memory_arena_shrinkage", "cpu:0")).spec());
  }

  @Test
  void anArenaThatIsNotThereIsToldWithTheFirstBatch() throws Exception {
    ModelSpec spec = echo(Map.of("memory.enable_memory_arena_shrinkage", "gpu:7")).spec();
    assertThatThrownBy(() -> assertRuns(spec)).isInstanceOf(BackendException.class);
  }

  @ParameterizedTest
  @CsvSource({"-1,BASIC_OPT", "0,ALL_OPT", "1,EXTENDED_OPT", "2,NO_OPT"})
  void graphLevelsAreTritons(int level, OptLevel expected) throws Exception {
    ModelSpec spec = echo(Map.of()).spec().withGraphOptimizationLevel(OptionalInt.of(level));
    assertThat(SessionSettings.parse(spec).level()).isEqualTo(expected);
    assertRuns(spec);
  }

  @ParameterizedTest
  @ValueSource(ints = {-2, 3, 99})
  void otherGraphLevelsAreRefused(int level) throws Exception {
    ModelSpec spec = echo(Map.of()).spec().withGraphOptimizationLevel(OptionalInt.of(level));
    assertThatThrownBy(() -> SessionSettings.parse(spec))
        .isInstanceOf(BackendException.class)
        .hasMessage("optimization.graph.level: " + level + " (expected: -1, 0, 1 or 2)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"tensorrt", "cuda", "openvino"})
  void acceleratorsOfOtherBuildsAreRefusedByName(String name) throws Exception {
    ModelSpec.Accelerator accelerator =
        new ModelSpec.Accelerator(InstanceKind.GPU, name, Map.of("precision_mode", "FP16"));
    assertThatThrownBy(
            () -> SessionSettings.parse(echo(Map.of()).withAccelerators(accelerator).spec()))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining(
            "optimization.execution_accelerators: " + name + " (expected: none, ");
  }

  @Test
  void backendSettingsAreReadStrictly() throws Exception {
    BackendSettings settings =
        BackendSettings.parse(
            Map.of(
                "default-max-batch-size", "16",
                "intra_op_thread_count", "3",
                "inter_op_thread_count", "2",
                "library-cache-directory", "/cache"));
    assertThat(settings)
        .isEqualTo(
            new BackendSettings(
                16,
                false,
                OptionalInt.of(3),
                OptionalInt.of(2),
                Path.of("/cache"),
                Path.of("/cache/engines")));
    assertThat(BackendSettings.parse(Map.of("engine-cache-directory", "/e")).engineCacheDirectory())
        .isEqualTo(Path.of("/e"));
    for (String name :
        List.of("default-max-batch-size", "enable-global-threadpool", "intra_op_thread_count")) {
      assertThatThrownBy(() -> BackendSettings.parse(Map.of(name, "x")))
          .isInstanceOf(BackendException.class)
          .hasMessageStartingWith("--backend-config=onnxruntime," + name + ": x (expected: ");
    }
  }

  @Test
  void whatOnlyOtherBackendsDoOnAGpuIsRefused() throws Exception {
    ModelSpec spec = echo(Map.of()).spec();
    GpuOptions graphs = new GpuOptions(true, List.of(), false, false, false, true, true);
    GpuOptions eager = new GpuOptions(false, List.of(), false, false, true, true, true);
    assertThatThrownBy(() -> SessionSettings.parse(spec.withGpu(graphs)))
        .isInstanceOf(BackendException.class)
        .hasMessageStartingWith("optimization.cuda.graphs: ");
    assertThatThrownBy(() -> SessionSettings.parse(spec.withGpu(eager)))
        .isInstanceOf(BackendException.class)
        .hasMessageStartingWith("optimization.eager_batching: ");
  }

  private static OrtSession session(ModelInstance instance) {
    return ((OnnxLane) ((LanedInstance) instance).lanes().get(0)).session();
  }

  @Test
  void aSessionIsSharedWhereAskedForAndOutlivesTheFirstInstance() throws Exception {
    ModelSpec spec = echo(Map.of("share_session_between_instances", "true")).spec();
    Backend backend = new OnnxRuntimeProvider().start(Map.of());
    try (LoadedModel model = backend.load(spec)) {
      ModelInstance first = model.createInstance(new InstanceSpec("echo_0_0", InstanceKind.CPU, 0));
      try (ModelInstance second =
          model.createInstance(new InstanceSpec("echo_0_1", InstanceKind.CPU, 0))) {
        assertThat(session(first)).isSameAs(session(second));
        first.close();
        TestBatch batch =
            TestBatch.of(new TestRequest("INPUT", TestTensor.fp32(new long[] {1, 3}, 1, 2, 3)));
        second.execute(batch);
        assertThat(batch.assertSound().output(0, "OUTPUT").floats()).containsExactly(1, 2, 3);
      }
    }
  }

  @Test
  void instancesOnTheCpuHaveSessionsOfTheirOwn() throws Exception {
    Backend backend = new OnnxRuntimeProvider().start(Map.of());
    try (LoadedModel model = backend.load(echo(Map.of()).spec());
        ModelInstance first =
            model.createInstance(new InstanceSpec("echo_0_0", InstanceKind.CPU, 0));
        ModelInstance second =
            model.createInstance(new InstanceSpec("echo_0_1", InstanceKind.CPU, 0))) {
      assertThat(session(first)).isNotSameAs(session(second));
      assertThat(first.fault()).isEmpty();
    }
  }

  @Test
  void aGlobalThreadPoolIsRefusedOnceThereIsAnEnvironmentWithoutOne() throws Exception {
    Backend backend = new OnnxRuntimeProvider().start(Map.of());
    assertThat(backend.kinds()).containsExactly(InstanceKind.CPU);
    assertThatThrownBy(
            () -> new OnnxRuntimeProvider().start(Map.of("enable-global-threadpool", "1")))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("thread pool");
  }
}
