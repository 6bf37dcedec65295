package dev.nereid.backend.tensorrt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.DeviceTensor;
import dev.nereid.backend.GpuOptions;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.RepeatedBatch;
import dev.nereid.backend.TensorSpec;
import dev.nereid.backend.contract.TestBatch;
import dev.nereid.backend.contract.TestRequest;
import dev.nereid.backend.contract.TestTensor;
import dev.nereid.tensor.DataType;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The way of batches through the real binding, on a driver, a CUDA and a TensorRT that are compiled
 * here. That CUDA does everything as late as it may, so that a wait which is missing gives wrong
 * numbers; that TensorRT counts what is alive, and notices what is destroyed before what was made
 * of it.
 */
@SuppressWarnings("NullAway.Init") // JUnit fills the directory before each test.
class FakeGpuTest {

  @TempDir private static Path directory;

  @BeforeAll
  static void compile() throws Exception {
    assumeFalse(Files.exists(Path.of("/dev/nvidiactl")), "a GPU host has the real libraries");
    FakeLibraries fakes = new FakeLibraries(directory);
    fakes.compileResource("libcuda.so.1");
    fakes.compileResource("libcudart.so.12");
    fakes.compileResource("libnvinfer.so.10");
    fakes.compileLinked();
  }

  private static void run(Class<?> scenario) throws Exception {
    String said = new FakeLibraries(directory).run(scenario, directory.toString());
    assertThat(said).endsWith("whole");
  }

  @Test
  void batchesInFlightAnswerTheirOwnRequests() throws Exception {
    run(Pipelined.class);
  }

  @Test
  void tensorsThatLieSideBySideAreCopiedAtOnceWhereTheDriverTakesIt() throws Exception {
    run(SideBySide.class);
  }

  @Test
  void whatLiesOnTheGpuIsCopiedOnIt() throws Exception {
    run(OnDevice.class);
  }

  @Test
  void graphsAnswerLikeBatchesThatAreNotRecorded() throws Exception {
    run(Graphs.class);
  }

  @Test
  void anEngineIsLoadedOnceMoreWhereItHasTooFewProfiles() throws Exception {
    run(Copies.class);
  }

  @Test
  void aBatchThatIsRefusedLeavesTheNextOneUnharmed() throws Exception {
    run(Refused.class);
  }

  @Test
  void aDeviceThatIsLostFaultsTheInstance() throws Exception {
    run(Lost.class);
  }

  @Test
  void whatCannotBeLoadedSaysWhyAndLeavesNothing() throws Exception {
    run(Unloadable.class);
  }

  @Test
  void whatNoRequestCanCarryIsRefusedByItsName() throws Exception {
    run(Odd.class);
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

    ModelSpec spec(String plan, GpuOptions options, int maxBatchSize, int instances)
        throws Exception {
      Path version = Files.createDirectories(directory.resolve("fake").resolve("1"));
      Files.writeString(version.resolve("model.plan"), plan);
      InstanceSpec[] specs = new InstanceSpec[instances];
      for (int i = 0; i < instances; i++) {
        specs[i] = Models.gpu("fake_0_" + i);
      }
      return ModelSpec.of(
              new ModelSource("fake", 1, version, "model.plan", Map.of()),
              maxBatchSize,
              List.of(new TensorSpec("INPUT", DataType.FP32, -1, 4)),
              List.of(new TensorSpec("OUTPUT", DataType.FP32, -1, 4)))
          .withInstances(specs)
          .withGpu(options);
    }

    static int call(String library, String function, Object... arguments) {
      return NativeLibrary.getInstance(library).getFunction(function).invokeInt(arguments);
    }

    static int enqueues() {
      return call("libnvinfer.so.10", "fakeTensorRtEnqueues");
    }

    /** Nothing is left, and nothing was destroyed too early. */
    void assertClean() {
      assertThat(call("libnvinfer.so.10", "fakeTensorRtLive")).as("TensorRT's objects").isZero();
      assertThat(call("libnvinfer.so.10", "fakeTensorRtWrongOrder")).as("wrong order").isZero();
      assertThat(call("libcudart.so.12", "fakeCudaLive")).as("CUDA's objects").isZero();
    }

    void end() {
      assertClean();
      System.out.println("whole");
    }
  }

  private static GpuOptions options(boolean graphs, boolean spin, boolean outputStream) {
    return new GpuOptions(graphs, List.of(), spin, outputStream, false, true, true);
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

  private static void assertAnswers(TestBatch batch, float first, int... rows) {
    float next = first;
    for (int i = 0; i < rows.length; i++) {
      for (float value : batch.assertSound().output(i, "OUTPUT").floats()) {
        assertThat(value).isEqualTo(2 * next++ + 1);
      }
    }
  }

  /** As the server does: a next batch is begun before the oldest is completed. */
  private static void assertPipelined(ModelInstance instance, int[]... sizes) throws Exception {
    Deque<Runnable> checks = new ArrayDeque<>();
    Deque<TestBatch> begun = new ArrayDeque<>();
    float first = 1000;
    for (int i = 0; i < 4 * sizes.length; i++) {
      int[] rows = sizes[i % sizes.length];
      float from = first;
      TestBatch batch = batch(from, rows);
      if (begun.size() == instance.depth()) {
        instance.complete(begun.removeFirst());
        checks.removeFirst().run();
      }
      instance.start(batch);
      begun.addLast(batch);
      checks.addLast(() -> assertAnswers(batch, from, rows));
      first += 1000;
    }
    while (!begun.isEmpty()) {
      instance.complete(begun.removeFirst());
      checks.removeFirst().run();
    }
  }

  static final class Pipelined {
    public static void main(String[] args) throws Exception {
      Stage stage = new Stage(args);
      for (boolean spin : new boolean[] {false, true}) {
        for (boolean outputStream : new boolean[] {false, true}) {
          ModelSpec spec =
              stage.spec(
                  "FAKE max=16 profiles=2 scratch=64", options(false, spin, outputStream), 16, 2);
          try (LoadedModel model = stage.backend.load(spec)) {
            List<Thread> threads = new ArrayList<>();
            List<Throwable> failures = new ArrayList<>();
            for (InstanceSpec instanceSpec : spec.instances()) {
              ModelInstance instance = model.createInstance(instanceSpec);
              assertThat(instance.depth()).isEqualTo(2);
              Thread thread =
                  new Thread(
                      () -> {
                        try (instance) {
                          assertPipelined(
                              instance, new int[] {1}, new int[] {3, 1, 2}, new int[] {16});
                        } catch (Throwable e) {
                          synchronized (failures) {
                            failures.add(e);
                          }
                        }
                      });
              thread.start();
              threads.add(thread);
            }
            for (Thread thread : threads) {
              thread.join();
            }
            assertThat(failures).isEmpty();
          }
          stage.assertClean();
        }
      }
      stage.end();
    }
  }

  /** Three requests of one row each, whose inputs are neighbours in one page-locked memory. */
  static final class SideBySide {
    public static void main(String[] args) throws Exception {
      Stage stage = new Stage(args);
      ModelSpec spec =
          stage.spec("FAKE max=16 profiles=1 scratch=64", options(false, false, true), 16, 1);
      try (RepeatedBatch pinned = RepeatedBatch.ofRows(spec, 3, new PageLockedBuffers());
          LoadedModel model = stage.backend.load(spec);
          ModelInstance instance = model.createInstance(spec.instances().get(0))) {
        int before = copies();
        assertAnswers(instance, pinned);
        assertThat(copies()).as("one in, one out").isEqualTo(before + 2);
        Stage.call("libcudart.so.12", "fakeCudaLongestCopy", 16);
        assertThatThrownBy(() -> assertAnswers(instance, pinned))
            .as("three in, and an answer of 48 bytes that cannot be copied out")
            .hasMessageContaining("cudaMemcpyAsync from the GPU");
        assertThat(copies()).isEqualTo(before + 2 + 3);
        Stage.call("libcudart.so.12", "fakeCudaLongestCopy", 1 << 20);
        assertAnswers(instance, pinned);
      }
      stage.end();
    }

    private static int copies() {
      return Stage.call("libcudart.so.12", "fakeCudaCopies");
    }

    private static void assertAnswers(ModelInstance instance, RepeatedBatch batch)
        throws Exception {
      ByteBuffer input = batch.input("INPUT");
      for (int i = 0; input.hasRemaining(); i++) {
        input.putFloat(i);
      }
      instance.execute(batch);
      ByteBuffer output = batch.result("OUTPUT");
      for (int i = 0; output.hasRemaining(); i++) {
        assertThat(output.getFloat()).isEqualTo(2 * i + 1);
      }
    }
  }

  /**
   * Requests whose inputs lie on the GPU, two of them side by side, on another GPU, or on the host,
   * and which want their outputs in all of these places.
   */
  static final class OnDevice {

    private static final int ROW_BYTES = 16;

    /** Rows, of which the second and third lie side by side on the GPU. */
    private static final int[] ROWS = {1, 2, 1, 1, 3};

    private static final int TO_DEVICE = 1;
    private static final int TO_HOST = 2;
    private static final int ON_DEVICE = 3;

    public static void main(String[] args) throws Exception {
      Stage stage = new Stage(args);
      for (boolean graphs : new boolean[] {false, true}) {
        for (boolean outputStream : new boolean[] {false, true}) {
          ModelSpec spec =
              stage.spec(
                  "FAKE max=32 profiles=1 scratch=64", options(graphs, false, outputStream), 32, 1);
          try (LoadedModel model = stage.backend.load(spec);
              ModelInstance instance = model.createInstance(spec.instances().get(0))) {
            assertThat(instance.usesDeviceMemory()).isTrue();
            mixed(instance);
            alone(instance);
            apart(instance);
          }
          stage.assertClean();
        }
      }
      stage.end();
    }

    /** All of them in one batch, twice in flight. */
    private static void mixed(ModelInstance instance) throws Exception {
      int[] before = copies();
      try (Memory first = new Memory(64 * ROW_BYTES);
          Memory second = new Memory(64 * ROW_BYTES)) {
        TestBatch one = mixedBatch(first, 1000);
        TestBatch two = mixedBatch(second, 2000);
        instance.start(one);
        instance.start(two);
        instance.complete(one);
        assertMixed(one, first, 1000);
        instance.complete(two);
        assertMixed(two, second, 2000);
      }
      assertThat(copies())
          .as("in: the first, and the one on another GPU; out: once; on it: 2 in, 2 out")
          .isEqualTo(new int[] {before[0] + 4, before[1] + 2, before[2] + 8});
    }

    private static TestBatch mixedBatch(Memory memory, float first) throws Exception {
      TestBatch batch = batch(first, ROWS);
      // On the device there are other numbers: those that are on the host must not be taken.
      memory.fill(0, first + 100, 3);
      memory.fill(10, first + 200, 3);
      batch.onDevice(1, "INPUT", 0, memory.rows(0, 2));
      batch.onDevice(2, "INPUT", 0, memory.rows(2, 1));
      batch.onDevice(3, "INPUT", 1, memory.rows(30, 1));
      batch.onDevice(4, "INPUT", 0, memory.rows(10, 3));
      batch.wantedOnDevice(0, "OUTPUT", 0, memory.rows(20, 1));
      batch.wantedOnDevice(2, "OUTPUT", 1, memory.rows(40, 1));
      batch.wantedOnDevice(3, "OUTPUT", 0, new DeviceTensor(memory.rows(41, 1).address(), 15));
      return batch.wantedOnDevice(4, "OUTPUT", 0, memory.rows(21, 30));
    }

    private static void assertMixed(TestBatch batch, Memory memory, float first) {
      batch.assertSound();
      memory.assertAnswer(20, first, 1);
      assertThat(batch.output(1, "OUTPUT").floats()).isEqualTo(answer(first + 100, 2));
      assertThat(batch.output(2, "OUTPUT").floats()).isEqualTo(answer(first + 108, 1));
      assertThat(batch.output(3, "OUTPUT").floats()).isEqualTo(answer(first + 16, 1));
      memory.assertAnswer(21, first + 200, 3);
      memory.assertUntouched(24, 6);
      memory.assertUntouched(40, 2);
    }

    /** Nothing on the host: nothing is copied there, and no memory asked for. */
    private static void alone(ModelInstance instance) throws Exception {
      int[] before = copies();
      try (Memory memory = new Memory(10 * ROW_BYTES)) {
        memory.fill(0, 500, 3);
        TestBatch batch =
            batch(1, 3)
                .onDevice(0, "INPUT", 0, memory.rows(0, 3))
                .wantedOnDevice(0, "OUTPUT", 0, memory.rows(5, 3));
        instance.execute(batch);
        memory.assertAnswer(5, 500, 3);
        assertThat(batch.assertSound().writtenOutputs()).isEmpty();
      }
      assertThat(copies()).isEqualTo(new int[] {before[0], before[1], before[2] + 2});
    }

    /** Side by side, and yet of two allocations. */
    private static void apart(ModelInstance instance) throws Exception {
      int[] before = copies();
      Stage.call("libcudart.so.12", "fakeCudaLongestCopy", ROW_BYTES);
      try (Memory memory = new Memory(10 * ROW_BYTES)) {
        memory.fill(0, 700.5f, 2);
        TestBatch batch =
            batch(1, 1, 1)
                .onDevice(0, "INPUT", 0, memory.rows(0, 1))
                .onDevice(1, "INPUT", 0, memory.rows(1, 1))
                .wantedOnDevice(0, "OUTPUT", 0, memory.rows(4, 1))
                .wantedOnDevice(1, "OUTPUT", 0, memory.rows(6, 1));
        instance.execute(batch);
        memory.assertAnswer(4, 700.5f, 1);
        memory.assertAnswer(6, 704.5f, 1);
      } finally {
        Stage.call("libcudart.so.12", "fakeCudaLongestCopy", 1 << 20);
      }
      assertThat(copies()).isEqualTo(new int[] {before[0], before[1], before[2] + 4});
    }

    private static int[] copies() {
      int[] copies = new int[3];
      for (int kind : new int[] {TO_DEVICE, TO_HOST, ON_DEVICE}) {
        copies[kind - 1] = Stage.call("libcudart.so.12", "fakeCudaCopiesOfKind", kind);
      }
      return copies;
    }

    private static float[] answer(float first, int rows) {
      float[] answer = new float[4 * rows];
      for (int i = 0; i < answer.length; i++) {
        answer[i] = 2 * (first + i) + 1;
      }
      return answer;
    }

    /** The device's, which is this process's here. */
    private static final class Memory implements AutoCloseable {
      private static final float UNTOUCHED = -7;

      private final Pointer start;

      Memory(int byteSize) {
        PointerByReference memory = new PointerByReference();
        assertThat(Stage.call("libcudart.so.12", "cudaMalloc", memory, (long) byteSize)).isZero();
        start = memory.getValue();
        for (int i = 0; i < byteSize / 4; i++) {
          start.setFloat(4L * i, UNTOUCHED);
        }
      }

      DeviceTensor rows(int row, int rows) {
        return new DeviceTensor(
            Pointer.nativeValue(start) + (long) row * ROW_BYTES, (long) rows * ROW_BYTES);
      }

      void fill(int row, float first, int rows) {
        for (int i = 0; i < 4 * rows; i++) {
          start.setFloat((long) row * ROW_BYTES + 4L * i, first + i);
        }
      }

      void assertAnswer(int row, float first, int rows) {
        assertThat(start.getFloatArray((long) row * ROW_BYTES, 4 * rows))
            .isEqualTo(answer(first, rows));
      }

      void assertUntouched(int row, int rows) {
        assertThat(start.getFloatArray((long) row * ROW_BYTES, 4 * rows)).containsOnly(UNTOUCHED);
      }

      @Override
      public void close() {
        assertThat(Stage.call("libcudart.so.12", "cudaFree", start)).isZero();
      }
    }
  }

  static final class Graphs {
    public static void main(String[] args) throws Exception {
      Stage stage = new Stage(args);
      ModelSpec spec =
          stage.spec("FAKE max=32 profiles=1 scratch=64", options(true, false, true), 32, 1);
      try (LoadedModel model = stage.backend.load(spec);
          ModelInstance instance = model.createInstance(spec.instances().get(0))) {
        int before = Stage.enqueues();
        assertPipelined(instance, new int[] {2}, new int[] {1, 2}, new int[] {16}, new int[] {24});
        assertThat(Stage.enqueues()).as("all are replayed").isEqualTo(before);
        assertPipelined(instance, new int[] {17}, new int[] {2, 5}, new int[] {20});
        assertThat(Stage.enqueues()).as("17 and 20 rows are not").isEqualTo(before + 8);
      }
      stage.end();
    }
  }

  static final class Copies {
    public static void main(String[] args) throws Exception {
      Stage stage = new Stage(args);
      ModelSpec spec =
          stage.spec("FAKE max=16 profiles=1 scratch=0", options(false, false, false), 16, 3);
      try (LoadedModel model = stage.backend.load(spec)) {
        // A runtime and an engine each.
        assertThat(Stage.call("libnvinfer.so.10", "fakeTensorRtLive")).isEqualTo(6);
        for (InstanceSpec instanceSpec : spec.instances()) {
          try (ModelInstance instance = model.createInstance(instanceSpec)) {
            assertThat(instance.depth()).as("three overlap each other").isEqualTo(1);
            assertPipelined(instance, new int[] {5});
          }
        }
        assertThatThrownBy(() -> model.createInstance(Models.gpu("another")))
            .hasMessageContaining("'another' is not among those");
      }
      stage.end();
    }
  }

  static final class Refused {
    public static void main(String[] args) throws Exception {
      Stage stage = new Stage(args);
      ModelSpec spec =
          stage.spec("FAKE max=16 profiles=1 scratch=64", options(false, false, false), 16, 1);
      try (LoadedModel model = stage.backend.load(spec);
          ModelInstance instance = model.createInstance(spec.instances().get(0))) {
        TestBatch before = batch(1, 4);
        instance.start(before);
        assertThatThrownBy(() -> instance.start(batch(1, 13)))
            .isInstanceOf(BackendException.class)
            .hasMessage("TensorRT cannot run the batch: enqueueV3: thirteen rows bring bad luck");
        assertThatThrownBy(() -> instance.start(batch(1, 17)))
            .hasMessageContaining("shapes [[17,4]] (expected: within one of the engine's profiles");
        assertThatThrownBy(() -> instance.start(TestBatch.of(new TestRequest(Map.of()))))
            .hasMessageContaining("input 'INPUT' is missing");
        assertThatThrownBy(
                () ->
                    instance.start(
                        batch(1, 2).withoutMemory(new IllegalStateException("no memory left"))))
            .hasMessageContaining("no memory left");
        instance.complete(before);
        assertAnswers(before, 1, 4);
        assertPipelined(instance, new int[] {4});
        assertThat(instance.fault()).isEmpty();
      }
      stage.end();
    }
  }

  static final class Lost {
    public static void main(String[] args) throws Exception {
      Stage stage = new Stage(args);
      ModelSpec spec =
          stage.spec("FAKE max=16 profiles=1 scratch=64", options(false, false, false), 16, 1);
      try (LoadedModel model = stage.backend.load(spec);
          ModelInstance instance = model.createInstance(spec.instances().get(0))) {
        TestBatch poison = batch(700, 1);
        instance.start(poison);
        assertThatThrownBy(() -> instance.complete(poison))
            .isInstanceOf(BackendException.class)
            .hasMessageStartingWith("CUDA error 700 in cudaEventSynchronize: an error");
        assertThat(instance.fault().orElseThrow())
            .startsWith("GPU 0 (Fake GPU, compute capability 9.0) is lost to this process: CUDA");
        assertThatThrownBy(() -> instance.start(batch(1, 1))).hasMessageContaining("is lost to");
        assertThatThrownBy(() -> stage.backend.load(spec)).hasMessageContaining("CUDA error 700");
      }
      NativeLibrary.getInstance("libcudart.so.12")
          .getFunction("fakeCudaRepair")
          .invokeVoid(new Object[0]);
      stage.end();
    }
  }

  static final class Odd {
    public static void main(String[] args) throws Exception {
      Stage stage = new Stage(args);
      String plan = "FAKE max=16 profiles=1 scratch=1 odd=";
      Map<Integer, String> reasons =
          Map.of(
              1, "input 'INPUT': a shape tensor (expected: none",
              2, "input 'INPUT': format kCHW32 (expected: linear",
              4, "input 'INPUT': type 6 (expected: one of FP32, FP16,");
      for (Map.Entry<Integer, String> reason : reasons.entrySet()) {
        ModelSpec spec = stage.spec(plan + reason.getKey(), options(false, false, false), 16, 1);
        assertThatThrownBy(() -> stage.backend.load(spec)).hasMessageContaining(reason.getValue());
        stage.assertClean();
      }
      ModelSpec spec = stage.spec(plan + 3, options(false, false, false), 16, 1);
      try (LoadedModel model = stage.backend.load(spec)) {
        assertThatThrownBy(() -> model.createInstance(spec.instances().get(0)))
            .hasMessageContaining("output 'OUTPUT': shape [-1,4] depends on the input's values");
      }
      stage.end();
    }
  }

  static final class Unloadable {
    public static void main(String[] args) throws Exception {
      Stage stage = new Stage(args);
      GpuOptions options = options(false, false, false);
      ModelSpec other = stage.spec("a plan of another TensorRT", options, 16, 1);
      assertThatThrownBy(() -> stage.backend.load(other))
          .hasMessage(
              "unable to load model 'fake', TensorRT 10.6.0.26 does not take the plan:"
                  + " deserializeCudaEngine: Magic tag does not match");
      stage.assertClean();
      ModelSpec large = stage.spec("FAKE max=16 profiles=1 scratch=9999999999", options, 16, 1);
      try (LoadedModel model = stage.backend.load(large)) {
        assertThatThrownBy(() -> model.createInstance(large.instances().get(0)))
            .hasMessageContaining(
                "out of GPU memory: 9999999999 bytes for intermediate results, where ");
      }
      stage.assertClean();
      ModelSpec batches = stage.spec("FAKE max=16 profiles=1 scratch=1", options, 17, 1);
      assertThatThrownBy(() -> stage.backend.load(batches))
          .hasMessageContaining("max_batch_size: 17 (expected: at most 16");
      stage.assertClean();
      ModelSpec tensors =
          stage
              .spec("FAKE max=16 profiles=1 scratch=1", options, 16, 1)
              .withTensors(
                  List.of(new TensorSpec("INPUT", DataType.FP16, -1, 4)),
                  List.of(new TensorSpec("OUTPUT", DataType.FP32, -1, 4)));
      assertThatThrownBy(() -> stage.backend.load(tensors))
          .hasMessageContaining("configuration expects datatype TYPE_FP16 for input 'INPUT'");
      stage.assertClean();
      ModelSpec elsewhere =
          batches.withInstances(
              new InstanceSpec("fake_0_0", dev.nereid.backend.InstanceKind.CPU, 0));
      assertThatThrownBy(() -> stage.backend.load(elsewhere))
          .hasMessageContaining("KIND_CPU (expected: KIND_GPU");
      ModelSpec second =
          batches.withInstances(
              new InstanceSpec("fake_0_0", dev.nereid.backend.InstanceKind.GPU, 1));
      assertThatThrownBy(() -> stage.backend.load(second))
          .hasMessageContaining("GPU 1 (expected: below 1)");
      stage.end();
    }
  }
}
