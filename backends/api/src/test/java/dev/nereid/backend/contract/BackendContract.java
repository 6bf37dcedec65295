package dev.nereid.backend.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.BackendProvider;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the server relies on, of every backend. */
@SuppressWarnings("NullAway.Init") // JUnit fills directory and backend before each test.
public abstract class BackendContract {

  private static final int LOADS = 20;

  @TempDir protected Path directory;
  protected Backend backend;

  /** A new provider of the backend under test. */
  protected abstract BackendProvider provider();

  /** Writes a batching model over FP32 tensors of [-1, n], with two outputs or more. */
  protected abstract ContractModel numbers(Path versionDirectory) throws Exception;

  /** Writes a batching model over BYTES tensors of [-1, 2], whose outputs echo their inputs. */
  protected abstract ContractModel strings(Path versionDirectory) throws Exception;

  /** Like {@link #numbers}, with {@link #heavyBytes} of weights or more. */
  protected ContractModel heavy(Path versionDirectory) throws Exception {
    return numbers(versionDirectory);
  }

  /** Bytes that one load of {@link #heavy} takes, at least. */
  protected long heavyBytes() {
    return 16L << 20;
  }

  @BeforeEach
  final void startBackend() throws BackendException {
    backend = provider().start(Map.of());
  }

  @AfterEach
  final void closeBackend() {
    backend.close();
  }

  /** A fresh {@code <model>/1}. */
  protected final Path versionDirectory(String model) throws Exception {
    return Files.createDirectories(directory.resolve(model).resolve("1"));
  }

  /** One instance, on the CPU. */
  protected static InstanceSpec instance(int index) {
    return new InstanceSpec("contract_0_" + index, InstanceKind.CPU, 0);
  }

  /** What a test does with an instance. */
  @FunctionalInterface
  protected interface InstanceUse {
    void with(ModelInstance instance) throws Exception;
  }

  /** Loads the model, makes one instance, uses it, and closes both. */
  protected final void run(ContractModel model, InstanceUse use) throws Exception {
    try (LoadedModel loaded = backend.load(model.spec());
        ModelInstance instance = loaded.createInstance(instance(0))) {
      use.with(instance);
      assertThat(instance.fault()).isEmpty();
    }
  }

  /** Runs the requests together and compares every output of each with its own answer. */
  protected static void assertAnswers(
      ContractModel model, ModelInstance instance, TestRequest... requests)
      throws BackendException {
    TestBatch batch = TestBatch.of(requests);
    instance.execute(batch);
    assertAnswered(model, batch, requests);
  }

  private static void assertAnswered(ContractModel model, TestBatch batch, TestRequest... requests)
      throws BackendException {
    batch.assertSound();
    for (int i = 0; i < requests.length; i++) {
      assertThat(batch.failure(i)).isNull();
      for (String output : model.answers().keySet()) {
        if (requests[i].wants(output)) {
          assertThat(batch.output(i, output).floats())
              .as("%s of request %d", output, i)
              .containsExactly(model.answer(requests[i], output));
        }
      }
    }
  }

  @Test
  void runsOnTheCpu() {
    assertThat(backend.kinds()).contains(InstanceKind.CPU);
    assertThat(backend.defaultCpuInstanceCount()).isPositive();
    assertThat(backend.defaultMaxBatchSize()).isNotNegative();
  }

  @Test
  void refusesAnUnknownSetting() {
    assertThatThrownBy(() -> provider().start(Map.of("no-such-setting", "1")))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("no-such-setting")
        .hasMessageContaining("expected");
  }

  @Test
  void answersABatchOfOne() throws Exception {
    ContractModel model = numbers(versionDirectory("numbers"));
    run(model, instance -> assertAnswers(model, instance, model.request(1, 1)));
  }

  @Test
  void batchesInFlightAreAnsweredWithTheirOwnRowsInTheirOrder() throws Exception {
    ContractModel model = numbers(versionDirectory("numbers"));
    run(
        model,
        instance -> {
          Deque<TestRequest[]> requests = new ArrayDeque<>();
          Deque<TestBatch> begun = new ArrayDeque<>();
          for (int i = 0; i < 12; i++) {
            if (begun.size() == instance.depth()) {
              completeOldest(model, instance, requests, begun);
            }
            // One alone, and two together, of other numbers each time.
            TestRequest[] next =
                i % 3 == 0
                    ? new TestRequest[] {model.request(1, i)}
                    : new TestRequest[] {model.request(2, i), model.request(1, i + 100)};
            TestBatch batch = TestBatch.of(next);
            instance.start(batch);
            requests.addLast(next);
            begun.addLast(batch);
            if (i == 5) {
              // Nothing follows for a while.
              while (!begun.isEmpty()) {
                completeOldest(model, instance, requests, begun);
              }
            }
          }
          while (!begun.isEmpty()) {
            completeOldest(model, instance, requests, begun);
          }
        });
  }

  private static void completeOldest(
      ContractModel model,
      ModelInstance instance,
      Deque<TestRequest[]> requests,
      Deque<TestBatch> begun)
      throws BackendException {
    TestBatch batch = begun.removeFirst();
    instance.complete(batch);
    assertAnswered(model, batch, requests.removeFirst());
  }

  @Test
  void answersEachRequestOfABatchWithItsOwnRows() throws Exception {
    ContractModel model = numbers(versionDirectory("numbers"));
    run(
        model,
        instance ->
            assertAnswers(
                model,
                instance,
                model.request(1, 1),
                model.request(3, 2),
                model.request(2, 3),
                model.request(1, 4)));
  }

  @Test
  void answersBatchesOfManySizesInTurn() throws Exception {
    ContractModel model = numbers(versionDirectory("numbers"));
    run(
        model,
        instance -> {
          for (int rows : new int[] {1, 8, 2, 7, 1, 8}) {
            assertAnswers(model, instance, model.request(rows, rows));
          }
        });
  }

  @Test
  void readsAndWritesMemoryThatIsNotAligned() throws Exception {
    ContractModel model = numbers(versionDirectory("numbers"));
    run(
        model,
        instance -> {
          TestRequest request = model.request(3, 1);
          TestBatch batch = TestBatch.misaligned(request, request);
          instance.execute(batch);
          batch.assertSound();
          for (String output : model.answers().keySet()) {
            assertThat(batch.output(1, output).floats())
                .containsExactly(model.answer(request, output));
          }
        });
  }

  @Test
  void instancesInParallelAnswerAsTheyDoAlone() throws Exception {
    ContractModel model = numbers(versionDirectory("numbers"));
    int instances = 2;
    CyclicBarrier together = new CyclicBarrier(instances);
    ExecutorService threads = Executors.newFixedThreadPool(instances);
    try (LoadedModel loaded = backend.load(model.spec())) {
      List<Future<?>> runs = new ArrayList<>();
      for (int i = 0; i < instances; i++) {
        int seed = 10 * i;
        ModelInstance instance = loaded.createInstance(instance(i));
        runs.add(
            threads.submit(
                () -> {
                  try (instance) {
                    together.await();
                    for (int turn = 0; turn < 50; turn++) {
                      assertAnswers(model, instance, model.request(1 + turn % 3, seed + turn % 7));
                    }
                  }
                  return null;
                }));
      }
      for (Future<?> run : runs) {
        run.get();
      }
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void writesNoOutputThatNobodyWants() throws Exception {
    ContractModel model = numbers(versionDirectory("numbers"));
    String wanted = model.answers().keySet().iterator().next();
    run(
        model,
        instance -> {
          TestRequest request = model.request(2, 1).wanting(wanted);
          TestBatch batch = TestBatch.of(request);
          instance.execute(batch);
          batch.assertSound();
          assertThat(batch.writtenOutputs()).containsExactly(wanted);
          assertThat(batch.output(0, wanted).floats())
              .containsExactly(model.answer(request, wanted));
        });
  }

  @Test
  void writesAnOutputThatOneOfTwoRequestsWants() throws Exception {
    ContractModel model = numbers(versionDirectory("numbers"));
    List<String> outputs = List.copyOf(model.answers().keySet());
    run(
        model,
        instance ->
            assertAnswers(
                model,
                instance,
                model.request(1, 1).wanting(outputs.get(0)),
                model.request(1, 2).wanting(outputs.get(1))));
  }

  @Test
  void staysUsableWhenThereIsNoMemoryForAnOutput() throws Exception {
    ContractModel model = numbers(versionDirectory("numbers"));
    run(
        model,
        instance -> {
          for (int i = 0; i < 3; i++) {
            RuntimeException reason = new IllegalStateException("no memory left");
            TestBatch batch = TestBatch.of(model.request(1, 1)).withoutMemory(reason);
            assertThatThrownBy(() -> instance.execute(batch)).isSameAs(reason);
            assertAnswers(model, instance, model.request(2, 2));
          }
        });
  }

  @Test
  void passesOnStringsOfEveryContent() throws Exception {
    ContractModel model = strings(versionDirectory("strings"));
    byte[] everyByte = new byte[256];
    for (int i = 0; i < everyByte.length; i++) {
      everyByte[i] = (byte) i;
    }
    byte[][] elements = {
      new byte[0],
      "plain".getBytes(StandardCharsets.UTF_8),
      "früh \uD83D\uDC1F 水".getBytes(StandardCharsets.UTF_8),
      "a\0b\0".getBytes(StandardCharsets.UTF_8),
      everyByte,
      "x".repeat(100_000).getBytes(StandardCharsets.UTF_8),
    };
    TestTensor first = TestTensor.bytes(new long[] {1, 2}, elements[0], elements[1]);
    TestTensor second =
        TestTensor.bytes(new long[] {2, 2}, elements[2], elements[3], elements[4], elements[5]);
    String input = model.spec().inputs().get(0).name();
    String output = model.spec().outputs().get(0).name();
    run(
        model,
        instance -> {
          TestBatch batch =
              TestBatch.of(new TestRequest(input, first), new TestRequest(input, second));
          instance.execute(batch);
          batch.assertSound();
          assertThat(batch.output(0, output).raw()).isEqualTo(first.raw());
          assertThat(batch.output(1, output).raw()).isEqualTo(second.raw());
        });
  }

  @Test
  void takesNoTensorOverTheHeap() throws Exception {
    ContractModel model = numbers(versionDirectory("numbers"));
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    run(
        model,
        instance -> {
          TestRequest request = model.request(10_000, 1);
          long tensorBytes = request.inputs().values().iterator().next().raw().length;
          long allocated = Long.MAX_VALUE;
          for (int i = 0; i < 20; i++) {
            TestBatch batch = TestBatch.of(request);
            long before = threads.getCurrentThreadAllocatedBytes();
            instance.execute(batch);
            allocated = Math.min(allocated, threads.getCurrentThreadAllocatedBytes() - before);
          }
          assertThat(allocated).isLessThan(tensorBytes / 10);
        });
  }

  @Test
  void givesMemoryBackWhenModelsAreUnloaded() throws Exception {
    ContractModel model = heavy(versionDirectory("heavy"));
    for (int i = 0; i < 5; i++) {
      run(model, instance -> assertAnswers(model, instance, model.request(1, 1)));
    }
    long before = ResidentMemory.bytes();
    for (int i = 0; i < LOADS; i++) {
      run(model, instance -> assertAnswers(model, instance, model.request(1, 1)));
    }
    assertThat(ResidentMemory.bytes() - before)
        .as("bytes more after %d loads of %d bytes each", LOADS, heavyBytes())
        .isLessThan(LOADS * heavyBytes() / 2);
  }

  @Test
  void givesMemoryBackAfterEveryBatch() throws Exception {
    ContractModel model = numbers(versionDirectory("numbers"));
    run(model, instance -> assertNothingGrows(instance, model.request(1000, 1)));
  }

  @Test
  void givesStringsBackAfterEveryBatch() throws Exception {
    ContractModel model = strings(versionDirectory("strings"));
    String[] texts = new String[600];
    Arrays.fill(texts, "x".repeat(100));
    TestRequest request =
        new TestRequest(
            model.spec().inputs().get(0).name(), TestTensor.strings(new long[] {300, 2}, texts));
    run(model, instance -> assertNothingGrows(instance, request));
  }

  /** Takes a tensor of the request to be 60 KB or more: one lost a batch is twice the bound. */
  private static void assertNothingGrows(ModelInstance instance, TestRequest request)
      throws Exception {
    executeMany(instance, request, 300);
    long before = ResidentMemory.bytes();
    executeMany(instance, request, 2000);
    assertThat(ResidentMemory.bytes() - before).as("bytes more").isLessThan(60L << 20);
  }

  private static void executeMany(ModelInstance instance, TestRequest request, int times)
      throws BackendException {
    for (int i = 0; i < times; i++) {
      instance.execute(TestBatch.of(request));
      if (i % 100 == 99) {
        // The batches' own memory is Java's to free.
        System.gc();
      }
    }
  }

  @Test
  void aModelWithoutInstancesCanBeClosed() throws Exception {
    ContractModel model = numbers(versionDirectory("numbers"));
    backend.load(model.spec()).close();
    run(model, instance -> assertAnswers(model, instance, model.request(1, 1)));
  }
}
