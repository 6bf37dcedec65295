package dev.nereid.backend.tensorrt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.sun.jna.Callback;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import dev.nereid.backend.AutotuneTurn;
import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import dev.nereid.backend.contract.TestBatch;
import dev.nereid.backend.contract.TestRequest;
import dev.nereid.backend.contract.TestTensor;
import dev.nereid.backend.contract.TurnTaken;
import dev.nereid.tensor.DataType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * DJL's engine, its Java classes and its own native library, on a driver, a CUDA and a TensorRT 8.6
 * that are compiled here. That TensorRT counts what is alive, and notices what is destroyed before
 * what was made of it.
 */
@SuppressWarnings("NullAway.Init") // JUnit fills the directory before each test.
class FakeDjlTest {

  @TempDir private static Path directory;

  @BeforeAll
  static void compile() throws Exception {
    assumeFalse(Files.exists(Path.of("/dev/nvidiactl")), "a GPU host has the real libraries");
    FakeLibraries fakes = new FakeLibraries(directory);
    fakes.compileResource("libcuda.so.1");
    fakes.compileResource("libcudart.so.12");
    fakes.compileResource("libnvinfer.so.8");
    fakes.compileResource("libnvinfer_plugin.so.8", "libnvinfer.so.8");
    fakes.compileResource("libnvonnxparser.so.8", "libnvinfer.so.8", "libnvinfer_plugin.so.8");
    fakes.compileResource("libnvparsers.so.8", "libnvinfer.so.8");
    // Without what its binding links to.
    fakes.compileResource("libnvinfer.so.10");
  }

  private static void run(Class<?> scenario) throws Exception {
    Path own = Files.createTempDirectory(directory, "scenario");
    String said = new FakeLibraries(directory).run(scenario, own.toString());
    assertThat(said).endsWith("whole").doesNotContain("[TRT]");
  }

  @Test
  void aBatchIsFilledUpToTheNextSizeAndAnsweredWithItsOwnRows() throws Exception {
    run(Padded.class);
  }

  @Test
  void oneRequestThatFillsASessionIsReadWhereItLies() throws Exception {
    run(InPlace.class);
  }

  @Test
  void anEngineIsBuiltOnceForEachSizeAndKept() throws Exception {
    run(Kept.class);
  }

  @Test
  void anEngineIsNotBuiltBesideThoseOfAnotherBackendAndOneThatWasKeptWaitsForNone()
      throws Exception {
    run(InTurn.class);
  }

  @Test
  void aPlanRunsBatchesUpToItsOwnSize() throws Exception {
    run(Plan.class);
  }

  @Test
  void fiftyLoadsLeaveNothing() throws Exception {
    run(Loads.class);
  }

  @Test
  void whatCannotBeLoadedSaysWhyAndLeavesNothing() throws Exception {
    run(Unloadable.class);
  }

  @Test
  void aBatchThatIsRefusedLeavesTheNextOneUnharmed() throws Exception {
    run(Refused.class);
  }

  @Test
  void aDeviceThatIsLostFaultsTheInstanceAndNotTheProcess() throws Exception {
    run(Lost.class);
  }

  @Test
  void aProcessHasOneTensorRt() throws Exception {
    run(One.class);
  }

  @Test
  void ofTwoInstancesAtTheSameTimeThatDoNotBothFitOneIsRefused() throws Exception {
    run(TwoAtOnce.class);
  }

  @Test
  void filesThatVanishAreNotMissed() throws Exception {
    run(Vanished.class);
  }

  @Test
  void anEngineThatCannotBeKeptIsBuiltAgainAndLeavesNothing() throws Exception {
    run(Unkeepable.class);
  }

  @Test
  void whatTensorRtSaysReachesWhoAskedAlsoWithASecondBackend() throws Exception {
    run(Twice.class);
  }

  @Test
  void aProcessThatEndsStartsNoTensorRt() throws Exception {
    run(Ending.class);
  }

  /** What all scenarios start with, and what must be true at their end. */
  private static final class Stage {
    private final Path directory;
    final Backend backend;

    Stage(String[] args) throws Exception {
      directory = Path.of(args[0]);
      backend =
          new TensorRtProvider()
              .start(Map.of("library-cache-directory", directory.resolve("cache").toString()));
    }

    Path version() throws Exception {
      return Files.createDirectories(directory.resolve("fake").resolve("1"));
    }

    /** A model in ONNX whose batch is open. */
    ModelSpec onnx(String operator, int maxBatchSize, Map<String, String> more) throws Exception {
      new OnnxGraph()
          .node(operator, "OUTPUT", "INPUT")
          .input("INPUT", DataType.FP32, -1, 4)
          .output("OUTPUT", DataType.FP32, -1, 4)
          .write(version().resolve("model.onnx"));
      return spec("model.onnx", maxBatchSize, more);
    }

    ModelSpec plan(String text, int maxBatchSize) throws Exception {
      Files.writeString(version().resolve("model.plan"), text);
      return spec("model.plan", maxBatchSize, Map.of());
    }

    private ModelSpec spec(String file, int maxBatchSize, Map<String, String> more)
        throws Exception {
      Map<String, String> parameters = new LinkedHashMap<>(more);
      parameters.put("runtime", "djl");
      return ModelSpec.of(
              new ModelSource("fake", 1, version(), file, parameters),
              maxBatchSize,
              List.of(new TensorSpec("INPUT", DataType.FP32, -1, 4)),
              List.of(new TensorSpec("OUTPUT", DataType.FP32, -1, 4)))
          .withInstances(Models.gpu("fake_0_0"), Models.gpu("fake_0_1"));
    }

    static int call(String library, String function, Object... arguments) {
      return NativeLibrary.getInstance(library).getFunction(function).invokeInt(arguments);
    }

    /** Has the device so much memory. */
    static void memory(int mebibytes) {
      call("libcudart.so.12", "fakeCudaWhole", mebibytes);
    }

    static int builds() {
      return call("libnvinfer.so.8", "fakeTensorRtBuilds");
    }

    /** Nothing is left, and nothing was destroyed too early. */
    void assertClean() {
      assertThat(call("libnvinfer.so.8", "fakeTensorRtLive")).as("TensorRT's objects").isZero();
      assertThat(call("libnvinfer.so.8", "fakeTensorRtWrongOrder")).as("wrong order").isZero();
      assertThat(call("libcudart.so.12", "fakeCudaLive")).as("CUDA's objects").isZero();
    }

    void end() {
      assertClean();
      System.out.println("whole");
    }
  }

  /** A batch of requests of these many rows each, and numbers that no other has. */
  private static TestBatch batch(float first, int... rows) {
    TestRequest[] requests = new TestRequest[rows.length];
    float next = first;
    for (int i = 0; i < rows.length; i++) {
      float[] values = new float[rows[i] * 4];
      for (int k = 0; k < values.length; k++) {
        values[k] = next++;
      }
      requests[i] = new TestRequest("INPUT", TestTensor.fp32(new long[] {rows[i], 4}, values));
    }
    return TestBatch.of(requests);
  }

  private static void assertAnswers(ModelInstance instance, float first, int... rows)
      throws Exception {
    TestBatch batch = batch(first, rows);
    instance.execute(batch);
    float next = first;
    for (int i = 0; i < rows.length; i++) {
      float[] values = batch.assertSound().output(i, "OUTPUT").floats();
      assertThat(values).hasSize(rows[i] * 4);
      for (float value : values) {
        assertThat(value).isEqualTo(2 * next++ + 1);
      }
    }
  }

  private static void assertAllAnswer(Stage stage, ModelSpec spec, int... sizes) throws Exception {
    try (LoadedModel model = stage.backend.load(spec)) {
      for (InstanceSpec own : spec.instances()) {
        try (ModelInstance instance = model.createInstance(own)) {
          for (int size : sizes) {
            assertAnswers(instance, 1000 + size, size);
          }
        }
      }
    }
  }

  static final class Padded {
    public static void main(String[] args) throws Exception {
      Stage stage = new Stage(args);
      ModelSpec spec =
          stage.onnx(
              "Double", 64, Map.of("allowed_batch_sizes", "1,16,64", "precision_mode", "FP16"));
      assertThat(stage.backend.inspect(spec.source()).inputs()).isEqualTo(spec.inputs());
      try (LoadedModel model = stage.backend.load(spec);
          ModelInstance first = model.createInstance(spec.instances().get(0));
          ModelInstance second = model.createInstance(spec.instances().get(1))) {
        // kFP16, and kGPU_FALLBACK as DJL has it.
        assertThat(Stage.call("libnvinfer.so.8", "fakeTensorRtFlags")).isEqualTo(1 | 1 << 3);
        for (ModelInstance instance : List.of(first, second, first)) {
          assertAnswers(instance, 10, 1);
          assertAnswers(instance, 20, 3, 1, 2);
          assertAnswers(instance, 30, 16);
          assertAnswers(instance, 40, 17);
          assertAnswers(instance, 50, 60, 4);
        }
        assertThat(first.depth()).isEqualTo(1);
        assertThatThrownBy(() -> first.execute(batch(1, 65)))
            .hasMessage("rows: 65 (expected: at most 64)");
      }
      stage.end();
    }
  }

  static final class InPlace {

    /** Runs a batch, and says whether the GPU got its input from where that lies. */
    private static boolean inPlace(ModelInstance instance, float first, int... rows)
        throws Exception {
      TestBatch batch = batch(first, rows);
      Pointer there = Native.getDirectBufferPointer(batch.input("INPUT"));
      instance.execute(batch);
      float next = first;
      for (int i = 0; i < rows.length; i++) {
        for (float value : batch.assertSound().output(i, "OUTPUT").floats()) {
          assertThat(value).isEqualTo(2 * next++ + 1);
        }
      }
      return there.equals(
          NativeLibrary.getInstance("libcudart.so.12")
              .getFunction("fakeCudaCopiedFrom")
              .invokePointer(new Object[0]));
    }

    public static void main(String[] args) throws Exception {
      Stage stage = new Stage(args);
      ModelSpec spec = stage.onnx("Double", 16, Map.of("allowed_batch_sizes", "1,16"));
      try (LoadedModel model = stage.backend.load(spec);
          ModelInstance instance = model.createInstance(spec.instances().get(0))) {
        assertThat(inPlace(instance, 10, 16)).as("a whole batch").isTrue();
        assertThat(inPlace(instance, 20, 7)).as("one that is filled up").isFalse();
        assertThat(inPlace(instance, 30, 1)).as("a whole batch of one row").isTrue();
        assertThat(inPlace(instance, 40, 8, 8)).as("one of two requests").isFalse();
        assertThat(inPlace(instance, 50, 16)).as("once more").isTrue();
        assertThat(inPlace(instance, 60, 9)).as("filled up behind it").isFalse();
      }
      stage.end();
    }
  }

  static final class Kept {
    public static void main(String[] args) throws Exception {
      Stage stage = new Stage(args);
      Map<String, String> sizes = Map.of("allowed_batch_sizes", "2,8");
      assertAllAnswer(stage, stage.onnx("Double", 8, sizes), 1, 2, 7);
      assertThat(Stage.builds()).isEqualTo(2);
      assertAllAnswer(stage, stage.onnx("Double", 8, sizes), 1, 2, 7);
      assertThat(Stage.builds()).as("found on disk").isEqualTo(2);
      assertAllAnswer(
          stage,
          stage.onnx("Double", 8, Map.of("allowed_batch_sizes", "8", "precision_mode", "FP16")),
          3);
      assertThat(Stage.builds()).as("another precision").isEqualTo(3);
      assertAllAnswer(stage, stage.onnx("Twice", 8, Map.of()), 8);
      assertThat(Stage.builds()).as("another model").isEqualTo(4);
      ModelSpec external = stage.onnx("Double", 4, Map.of());
      new OnnxGraph()
          .node("Double", "OUTPUT", "INPUT")
          .weightInFile("w", "weights.bin", 4)
          .input("INPUT", DataType.FP32, -1, 4)
          .output("OUTPUT", DataType.FP32, -1, 4)
          .write(stage.version().resolve("model.onnx"));
      Files.writeString(stage.version().resolve("weights.bin"), "sixteen bytes of");
      assertAllAnswer(stage, external, 4);
      stage.end();
    }
  }

  static final class InTurn {
    public static void main(String[] args) throws Exception {
      Stage stage = new Stage(args);
      ModelSpec spec = stage.onnx("Double", 8, Map.of());
      TurnTaken.waitsForIt(() -> stage.backend.load(spec)).close();
      assertThat(Stage.builds()).isEqualTo(1);
      AutotuneTurn.take();
      try {
        FutureTask<LoadedModel> kept = new FutureTask<>(() -> stage.backend.load(spec));
        new Thread(kept, "loads what was kept").start();
        kept.get(1, TimeUnit.MINUTES).close();
      } finally {
        AutotuneTurn.giveBack();
      }
      stage.end();
    }
  }

  static final class Plan {
    public static void main(String[] args) throws Exception {
      Stage stage = new Stage(args);
      ModelSpec spec = stage.plan("FAKE8 rows=16 scratch=64 odd=0", 16);
      assertThat(stage.backend.inspect(spec.source()).inputs())
          .containsExactly(new TensorSpec("INPUT", DataType.FP32, 16, 4));
      assertAllAnswer(stage, spec, 1, 5, 16);
      assertThat(Stage.builds()).isZero();
      ModelSpec fixed =
          spec.withTensors(
              List.of(new TensorSpec("INPUT", DataType.FP32, 16, 4)),
              List.of(new TensorSpec("OUTPUT", DataType.FP32, 16, 4)));
      ModelSpec whole =
          ModelSpec.of(fixed.source(), 0, fixed.inputs(), fixed.outputs())
              .withInstances(Models.gpu("fake_0_0"));
      assertAllAnswer(stage, whole, 16);
      stage.end();
    }
  }

  static final class Loads {
    public static void main(String[] args) throws Exception {
      Stage stage = new Stage(args);
      ModelSpec spec = stage.onnx("Double", 8, Map.of("allowed_batch_sizes", "1,8"));
      for (int i = 0; i < 50; i++) {
        assertAllAnswer(stage, spec, 1, 8);
        stage.assertClean();
      }
      stage.end();
    }
  }

  static final class Unloadable {
    public static void main(String[] args) throws Exception {
      Stage stage = new Stage(args);
      assertThatThrownBy(() -> stage.backend.load(stage.plan("a plan of TensorRT 10", 16)))
          .isInstanceOf(BackendException.class)
          .hasMessageStartingWith(
              "unable to load model 'fake', TensorRT 8.6.1 does not take the plan (Error"
                  + " deserializeCudaEngine: ")
          .hasMessageEndingWith(
              "deserializeCudaEngine: Serialization assertion stdVersionRead =="
                  + " serializationVersion failed");
      stage.assertClean();
      assertThatThrownBy(() -> stage.backend.load(stage.plan("", 16)))
          .hasMessageContaining("does not take the plan");
      stage.assertClean();
      assertThatThrownBy(() -> stage.backend.load(stage.onnx("Unparsable", 16, Map.of())))
          .hasMessage(
              "unable to load model 'fake', TensorRT 8.6.1 cannot build the model (Failed parse"
                  + " ONNX model file:): ModelImporter.cpp:729: In node 0"
                  + " (importFallbackPluginImporter): UNSUPPORTED_NODE: Unparsable");
      stage.assertClean();
      Map<Integer, String> odd =
          Map.of(
              1, "input 'INPUT': shape [-1,4] (expected: a fixed one",
              2, "input 'INPUT': type UINT8 (expected: FP32,",
              3, "input 'INPUT': a vectorised format (expected: linear",
              5, "input 'IN\uD83D\uDE00': a name with characters beyond U+FFFF (expected: none");
      for (Map.Entry<Integer, String> reason : odd.entrySet()) {
        ModelSpec spec = stage.plan("FAKE8 rows=16 scratch=64 odd=" + reason.getKey(), 16);
        assertThatThrownBy(() -> stage.backend.load(spec)).hasMessageContaining(reason.getValue());
        stage.assertClean();
      }
      assertThatThrownBy(() -> stage.backend.load(stage.plan("FAKE8 rows=16 scratch=64 odd=0", 17)))
          .hasMessageStartingWith("max_batch_size: the engine's 'INPUT' has shape [16,4]");
      stage.assertClean();
      memory(stage);
      ModelSpec second =
          stage
              .onnx("Double", 8, Map.of())
              .withInstances(new InstanceSpec("fake_0_0", dev.nereid.backend.InstanceKind.GPU, 1));
      assertThatThrownBy(() -> stage.backend.load(second))
          .hasMessageContaining("GPU 1 (expected: below 1)");
      stage.end();
    }

    /** DJL itself would end the process over either. */
    private static void memory(Stage stage) throws Exception {
      for (Map.Entry<String, String> plan :
          Map.of(
                  "FAKE8 rows=16 scratch=9999999999 odd=0",
                  "TensorRT makes no execution context: createExecutionContext: out of memory",
                  "FAKE8 rows=70000000 scratch=64 odd=0",
                  "out of GPU memory: 2311061504 bytes for inputs and outputs")
              .entrySet()) {
        int rows = plan.getKey().contains("70000000") ? 70_000_000 : 16;
        ModelSpec spec = stage.plan(plan.getKey(), rows);
        try (LoadedModel model = stage.backend.load(spec)) {
          assertThatThrownBy(() -> model.createInstance(spec.instances().get(0)))
              .hasMessageContaining(plan.getValue());
        }
        stage.assertClean();
      }
      Stage.memory(0);
      assertThatThrownBy(() -> stage.backend.load(stage.plan("FAKE8 rows=16 scratch=64 odd=0", 16)))
          .hasMessage(
              "unable to load model 'fake', out of GPU memory: 67108864 bytes to load an engine,"
                  + " where 0 are free");
      Stage.memory(1 << 10);
    }
  }

  static final class TwoAtOnce {
    /** Of 16 bytes in and 16 out: 124 MiB, of 190; 64 MiB must remain. */
    private static final int ROWS = 4_000_000;

    public static void main(String[] args) throws Exception {
      Stage stage = new Stage(args);
      ModelSpec spec = stage.plan("FAKE8 rows=" + ROWS + " scratch=64 odd=0", ROWS);
      Stage.memory(190);
      ExecutorService threads = Executors.newFixedThreadPool(2);
      try (LoadedModel model = stage.backend.load(spec)) {
        Stage.call("libcudart.so.12", "fakeCudaLate", 300);
        CountDownLatch tried = new CountDownLatch(spec.instances().size());
        List<Callable<String>> both = new ArrayList<>();
        for (InstanceSpec own : spec.instances()) {
          both.add(
              () -> {
                try (ModelInstance instance = model.createInstance(own)) {
                  assertAnswers(instance, 1, 2);
                  tried.countDown();
                  // The other one looks while this one has its memory.
                  assertThat(tried.await(1, TimeUnit.MINUTES)).isTrue();
                  return "made";
                } catch (BackendException e) {
                  tried.countDown();
                  return e.getMessage();
                }
              });
        }
        List<String> ends = new ArrayList<>();
        for (Future<String> end : threads.invokeAll(both)) {
          ends.add(end.get());
        }
        assertThat(ends)
            .contains("made")
            .anyMatch(
                end ->
                    end.startsWith(
                        "unable to load model 'fake', out of GPU memory: 197132288 bytes for"
                            + " inputs and outputs, where 71"));
      }
      threads.shutdown();
      stage.end();
    }
  }

  static final class Vanished {
    /** As JNA calls it. */
    interface OnDeserialize extends Callback {
      void call();
    }

    public static void main(String[] args) throws Exception {
      Stage stage = new Stage(args);
      OnDeserialize removal = Vanished::removeAll;
      NativeLibrary.getInstance("libnvinfer.so.8")
          .getFunction("fakeTensorRtOnDeserialize")
          .invokeVoid(new Object[] {removal});
      ModelSpec spec = stage.onnx("Double", 8, Map.of());
      assertAllAnswer(stage, spec, 8);
      assertAllAnswer(stage, spec, 8);
      assertThat(Stage.builds()).isEqualTo(1);
      stage.end();
    }

    private static void removeAll() {
      try (Stream<Path> found = Files.walk(Path.of(System.getProperty("java.io.tmpdir")))) {
        List<Path> all =
            found
                .filter(path -> path.toString().contains("/nereid-"))
                .sorted(Comparator.reverseOrder())
                .toList();
        assertThat(all).isNotEmpty();
        for (Path path : all) {
          Files.delete(path);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  static final class Unkeepable {
    public static void main(String[] args) throws Exception {
      Stage stage = new Stage(args);
      ModelSpec garbled = stage.onnx("Garbled", 8, Map.of());
      assertAllAnswer(stage, garbled, 8);
      assertAllAnswer(stage, garbled, 8);
      assertThat(Stage.builds()).as("a plan that cannot be loaded is none").isEqualTo(2);
      ModelSpec huge = stage.onnx("Huge", 8, Map.of());
      assertThatThrownBy(() -> stage.backend.load(huge)).isInstanceOf(OutOfMemoryError.class);
      stage.end();
    }
  }

  static final class Twice {
    public static void main(String[] args) throws Exception {
      Stage stage = new Stage(args);
      Stage other = new Stage(args);
      ModelSpec spec = stage.onnx("Double", 8, Map.of());
      try (LoadedModel model = stage.backend.load(spec);
          ModelInstance instance = model.createInstance(spec.instances().get(0))) {
        assertAllAnswer(other, spec, 8);
        assertThatThrownBy(() -> instance.execute(batch(13, 2)))
            .hasMessage("TensorRT cannot run the batch: executeV2: thirteen brings bad luck");
      }
      stage.end();
    }
  }

  static final class Ending {
    public static void main(String[] args) throws Exception {
      Stage stage = new Stage(args);
      ModelSpec spec = stage.onnx("Double", 8, Map.of());
      Runtime.getRuntime().addShutdownHook(new Thread(() -> load(stage, spec)));
    }

    private static void load(Stage stage, ModelSpec spec) {
      assertThatThrownBy(() -> stage.backend.load(spec))
          .isInstanceOf(BackendException.class)
          .hasMessageContaining("Shutdown in progress");
      NativeLibrary djl =
          NativeLibrary.getInstance(
              stage.directory.resolve("cache/djl-tensorrt-0.33.0/libdjl_trt.so").toString());
      assertThat(djl.getGlobalVariableAddress("_ZN7djl_trt7gLoggerE").getPointer(0))
          .as("DJL's own table of functions")
          .isEqualTo(djl.getGlobalVariableAddress("_ZTV6Logger").share(2L * Native.POINTER_SIZE));
      stage.end();
    }
  }

  static final class Refused {
    public static void main(String[] args) throws Exception {
      Stage stage = new Stage(args);
      ModelSpec spec = stage.onnx("Double", 16, Map.of());
      try (LoadedModel model = stage.backend.load(spec);
          ModelInstance instance = model.createInstance(spec.instances().get(0))) {
        assertThatThrownBy(() -> instance.execute(batch(13, 2)))
            .isInstanceOf(BackendException.class)
            .hasMessage("TensorRT cannot run the batch: executeV2: thirteen brings bad luck");
        assertThatThrownBy(() -> instance.execute(TestBatch.of(new TestRequest(Map.of()))))
            .hasMessageContaining("input 'INPUT' is missing");
        TestRequest wide =
            new TestRequest("INPUT", TestTensor.fp32(new long[] {1, 5}, 1, 2, 3, 4, 5));
        assertThatThrownBy(() -> instance.execute(TestBatch.of(wide)))
            .hasMessageContaining("input 'INPUT': shape [1,5] (expected: [16,4] but for the batch");
        assertThat(instance.fault()).isEmpty();
        assertAnswers(instance, 14, 2);
      }
      stage.end();
    }
  }

  static final class Lost {
    public static void main(String[] args) throws Exception {
      Stage stage = new Stage(args);
      ModelSpec spec = stage.onnx("Double", 16, Map.of());
      try (LoadedModel model = stage.backend.load(spec);
          ModelInstance instance = model.createInstance(spec.instances().get(0));
          ModelInstance other = model.createInstance(spec.instances().get(1))) {
        assertThatThrownBy(() -> instance.execute(batch(700, 1)))
            .isInstanceOf(BackendException.class)
            .hasMessageStartingWith("CUDA error 700 in cudaStreamQuery: an error");
        assertThat(instance.fault().orElseThrow())
            .startsWith("GPU 0 (Fake GPU, compute capability 9.0) is lost to this process: CUDA");
        assertThatThrownBy(() -> instance.execute(batch(1, 1))).hasMessageContaining("is lost to");
        assertThatThrownBy(() -> other.execute(batch(1, 1))).hasMessageContaining("error 700");
        assertThat(other.fault()).isPresent();
        assertThatThrownBy(() -> stage.backend.load(spec)).hasMessageContaining("CUDA error 700");
        assertThatThrownBy(() -> model.createInstance(spec.instances().get(0)))
            .hasMessageContaining("CUDA error 700");
      }
      NativeLibrary.getInstance("libcudart.so.12")
          .getFunction("fakeCudaRepair")
          .invokeVoid(new Object[0]);
      stage.end();
    }
  }

  static final class One {
    public static void main(String[] args) throws Exception {
      Stage stage = new Stage(args);
      ModelSpec spec = stage.onnx("Double", 4, Map.of());
      ModelSpec other = spec.withParameters(Map.of());
      assertThatThrownBy(() -> stage.backend.load(other))
          .hasMessageStartingWith("backend 'tensorrt': libnvrtc.so.12: cannot be opened");
      assertAllAnswer(stage, spec, 4);
      assertThatThrownBy(() -> stage.backend.load(other))
          .hasMessage(
              "parameters['runtime']: tensorrt (expected: djl, since this process has TensorRT 8.6"
                  + " by DJL's engine already, and can have one)");
      stage.end();
    }
  }
}
