package dev.nereid.backend.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.GpuOptions;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import dev.nereid.tensor.DataType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What the server relies on, of a backend that reads its models from files. */
public abstract class ModelFileContract extends BackendContract {

  /** The file whose bytes make the model. */
  protected abstract Path modelFile(ModelSource source);

  /** Some parameters, each with a value that must be refused. */
  protected abstract Map<String, String> malformedParameters();

  @Test
  void inspectionTellsWhatTheFileSays() throws Exception {
    ContractModel model = numbers(versionDirectory("numbers"));
    var signature = backend.inspect(model.spec().source());
    assertThat(signature.known()).isTrue();
    assertThat(signature.isBatching()).isTrue();
    assertThat(signature.inputs()).containsExactlyInAnyOrderElementsOf(model.spec().inputs());
    assertThat(signature.outputs()).containsExactlyInAnyOrderElementsOf(model.spec().outputs());
  }

  @Test
  void refusesAMissingFileByItsPath() throws Exception {
    ContractModel model = numbers(versionDirectory("numbers"));
    Files.delete(modelFile(model.spec().source()));
    assertRefused(model, modelFile(model.spec().source()).toString());
  }

  @Test
  void refusesAnEmptyVersionDirectory() throws Exception {
    ContractModel model = numbers(versionDirectory("numbers"));
    ModelSource elsewhere =
        new ModelSource("numbers", 2, directory, model.spec().source().modelFilename(), Map.of());
    assertRefused(
        () -> backend.inspect(elsewhere), directory.resolve(elsewhere.modelFilename()).toString());
  }

  @Test
  void refusesAnEmptyFile() throws Exception {
    assertRefusedAs(new byte[0]);
  }

  @Test
  void refusesGarbage() throws Exception {
    byte[] garbage = new byte[4096];
    new Random(7).nextBytes(garbage);
    assertRefusedAs(garbage);
    assertRefusedAs("<!doctype html><title>404</title>".getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void refusesHalfAFile() throws Exception {
    ContractModel model = numbers(versionDirectory("numbers"));
    byte[] whole = Files.readAllBytes(modelFile(model.spec().source()));
    for (int length : new int[] {1, whole.length / 4, whole.length / 2, whole.length - 1}) {
      assertRefusedAs(Arrays.copyOf(whole, length));
    }
  }

  private void assertRefusedAs(byte[] content) throws Exception {
    ContractModel model = numbers(versionDirectory("numbers"));
    Files.write(modelFile(model.spec().source()), content);
    assertRefused(model, "numbers");
  }

  /** Neither inspected nor loaded, for a reason that says that text. */
  protected final void assertRefused(ContractModel model, String text) {
    assertRefused(() -> backend.inspect(model.spec().source()), text);
    assertRefused(() -> loadAndCreate(model), text);
  }

  /** Fails as a backend must, for a reason that says that text. */
  protected static void assertRefused(ThrowingCallable call, String text) {
    assertThatThrownBy(call).isInstanceOf(BackendException.class).hasMessageContaining(text);
  }

  private void loadAndCreate(ContractModel model) throws BackendException {
    try (LoadedModel loaded = backend.load(model.spec())) {
      loaded.createInstance(instance(0)).close();
    }
  }

  @Test
  void refusesAnUnknownParameter() throws Exception {
    ContractModel model = numbers(versionDirectory("numbers"));
    assertRefused(
        () -> backend.load(model.withParameters(Map.of("no_such_thing", "1")).spec()),
        "parameters['no_such_thing']: 1 (expected: ");
  }

  @Test
  void refusesAMalformedParameter() throws Exception {
    ContractModel model = numbers(versionDirectory("numbers"));
    malformedParameters()
        .forEach(
            (name, value) ->
                assertRefused(
                    () -> backend.load(model.withParameters(Map.of(name, value)).spec()),
                    "parameters['" + name + "']: " + value + " (expected: "));
  }

  @Test
  void refusesAnAcceleratorThatItLacks() throws Exception {
    ContractModel model = numbers(versionDirectory("numbers"));
    for (InstanceKind kind : InstanceKind.values()) {
      ModelSpec.Accelerator accelerator = new ModelSpec.Accelerator(kind, "warp_drive", Map.of());
      assertRefused(() -> backend.load(model.withAccelerators(accelerator).spec()), "warp_drive");
    }
  }

  @Test
  void refusesOptimizationsForGpusThatItLacks() throws Exception {
    assertThat(backend.kinds()).doesNotContain(InstanceKind.GPU);
    ContractModel model = numbers(versionDirectory("numbers"));
    List<GpuOptions.GraphSpec> specs = List.of(new GpuOptions.GraphSpec(4, Map.of(), null));
    Map<String, GpuOptions> asked =
        Map.of(
            "optimization.cuda.graphs",
            new GpuOptions(true, List.of(), false, false, false, true, true),
            "optimization.cuda.graph_spec",
            new GpuOptions(false, specs, false, false, false, true, true),
            "optimization.cuda.busy_wait_events",
            new GpuOptions(false, List.of(), true, false, false, true, true),
            "optimization.cuda.output_copy_stream",
            new GpuOptions(false, List.of(), false, true, false, true, true),
            "optimization.eager_batching",
            new GpuOptions(false, List.of(), false, false, true, true, true));
    asked.forEach(
        (field, options) ->
            assertRefused(
                () -> backend.load(model.spec().withGpu(options)),
                field + ": set (expected: not set"));
  }

  @Test
  void refusesAnInstanceOnADeviceThatItLacks() throws Exception {
    assertThat(backend.kinds()).doesNotContain(InstanceKind.GPU);
    ContractModel model = numbers(versionDirectory("numbers"));
    try (LoadedModel loaded = backend.load(model.spec())) {
      assertRefused(
          () -> loaded.createInstance(new InstanceSpec("on_gpu", InstanceKind.GPU, 0)), "GPU");
    }
  }

  @Test
  void refusesAConfigThatDoesNotFitTheFile() throws Exception {
    ContractModel model = numbers(versionDirectory("numbers"));
    List<TensorSpec> inputs = model.spec().inputs();
    List<TensorSpec> outputs = model.spec().outputs();
    TensorSpec unknown = new TensorSpec("NO_SUCH_TENSOR", DataType.FP32, -1, model.columns());
    TensorSpec otherType = new TensorSpec(outputs.get(0).name(), DataType.INT64, -1, 16);
    TensorSpec otherShape = new TensorSpec(outputs.get(0).name(), DataType.FP32, -1, 3);
    assertDoesNotFit(model, List.of(unknown), outputs, "NO_SUCH_TENSOR");
    assertDoesNotFit(model, inputs, List.of(unknown), "NO_SUCH_TENSOR");
    assertDoesNotFit(model, inputs, List.of(otherType), "datatype TYPE_INT64");
    assertDoesNotFit(model, inputs, List.of(otherShape), "[-1,3]");
  }

  private void assertDoesNotFit(
      ContractModel model, List<TensorSpec> inputs, List<TensorSpec> outputs, String text) {
    assertRefused(() -> loadAndCreate(model.withTensors(inputs, outputs)), text);
  }

  @Test
  void servesAConfigThatLeavesOutAnOutput() throws Exception {
    ContractModel model = numbers(versionDirectory("numbers"));
    TensorSpec listed = model.spec().outputs().get(1);
    run(
        model.withTensors(model.spec().inputs(), List.of(listed)),
        instance -> {
          TestRequest request = model.request(2, 1);
          TestBatch batch = TestBatch.of(request);
          instance.execute(batch);
          batch.assertSound();
          assertThat(batch.writtenOutputs()).containsExactly(listed.name());
          assertThat(batch.output(0, listed.name()).floats())
              .containsExactly(model.answer(request, listed.name()));
        });
  }

  @Test
  void staysUsableAfterABatchThatTheEngineRefuses() throws Exception {
    ContractModel model = numbers(versionDirectory("numbers"));
    TestRequest whole = model.request(1, 1);
    Map<String, TestTensor> broken = new LinkedHashMap<>(whole.inputs());
    String input = model.spec().inputs().get(0).name();
    broken.put(input, TestTensor.fp32(new long[] {1, 3}, 1, 2, 3));
    run(
        model,
        instance -> {
          for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> instance.execute(TestBatch.of(new TestRequest(broken))))
                .isInstanceOf(BackendException.class);
            assertAnswers(model, instance, model.request(2, 2));
          }
        });
  }

  @Test
  void aRequestOfBrokenStringsFailsAlone() throws Exception {
    ContractModel model = strings(versionDirectory("strings"));
    String input = model.spec().inputs().get(0).name();
    String output = model.spec().outputs().get(0).name();
    long[] shape = {1, 2};
    TestTensor whole = TestTensor.strings(shape, "left", "right");
    byte[] cut = Arrays.copyOf(whole.raw(), whole.raw().length - 2);
    TestTensor broken = new TestTensor(DataType.BYTES, shape, cut);
    run(
        model,
        instance -> {
          TestBatch batch =
              TestBatch.of(
                  new TestRequest(input, whole),
                  new TestRequest(input, broken),
                  new TestRequest(input, whole));
          instance.execute(batch);
          batch.assertSound();
          assertThat(batch.failure(0)).isNull();
          assertThat(batch.failure(1))
              .isEqualTo(
                  "incomplete string data for inference input '%s', expecting string of length 5 but only 3 bytes available",
                  input);
          assertThat(batch.failure(2)).isNull();
          assertThat(batch.output(0, output).raw()).isEqualTo(whole.raw());
          assertThat(batch.output(2, output).raw()).isEqualTo(whole.raw());
        });
  }

  @Test
  void aBatchOfBrokenStringsOnlyFailsEveryRequest() throws Exception {
    ContractModel model = strings(versionDirectory("strings"));
    String input = model.spec().inputs().get(0).name();
    TestTensor broken = new TestTensor(DataType.BYTES, new long[] {1, 2}, new byte[] {1, 0});
    run(
        model,
        instance -> {
          TestBatch batch =
              TestBatch.of(new TestRequest(input, broken), new TestRequest(input, broken));
          instance.execute(batch);
          assertThat(batch.failure(0)).contains("incomplete string length indicator");
          assertThat(batch.failure(1)).contains("incomplete string length indicator");
        });
  }
}
