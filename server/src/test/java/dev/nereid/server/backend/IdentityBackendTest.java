package dev.nereid.server.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.BackendProvider;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import dev.nereid.backend.contract.BackendContract;
import dev.nereid.backend.contract.ContractModel;
import dev.nereid.backend.contract.TestBatch;
import dev.nereid.backend.contract.TestRequest;
import dev.nereid.backend.contract.TestTensor;
import dev.nereid.tensor.DataType;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The identity backend keeps the contract of every backend, and its own promises. */
class IdentityBackendTest extends BackendContract {

  private final List<Duration> delays = new ArrayList<>();

  @Override
  protected BackendProvider provider() {
    return IdentityBackend.provider(delays::add);
  }

  @Override
  protected ContractModel numbers(Path versionDirectory) {
    ModelSpec spec =
        spec(
            versionDirectory,
            List.of(tensor("INPUT0", DataType.FP32, -1, 4), tensor("INPUT1", DataType.FP32, -1, 4)),
            List.of(
                tensor("OUTPUT0", DataType.FP32, -1, 4), tensor("OUTPUT1", DataType.FP32, -1, 4)));
    return new ContractModel(spec, Map.of("OUTPUT0", in -> in[0], "OUTPUT1", in -> in[1]));
  }

  @Override
  protected ContractModel strings(Path versionDirectory) {
    ModelSpec spec =
        spec(
            versionDirectory,
            List.of(tensor("INPUT0", DataType.BYTES, -1, 2)),
            List.of(tensor("OUTPUT0", DataType.BYTES, -1, 2)));
    return new ContractModel(spec, Map.of());
  }

  private static TensorSpec tensor(String name, DataType type, long... shape) {
    return new TensorSpec(name, type, shape);
  }

  private static ModelSpec spec(
      Path versionDirectory, List<TensorSpec> inputs, List<TensorSpec> outputs) {
    return ModelSpec.of(
        new ModelSource("identity", 1, versionDirectory, "", Map.of()), 8, inputs, outputs);
  }

  private ContractModel numbers() throws Exception {
    return numbers(versionDirectory("numbers"));
  }

  @ParameterizedTest
  @EnumSource(DataType.class)
  void passesOnEveryDatatype(DataType type) throws Exception {
    ContractModel model =
        numbers()
            .withTensors(
                List.of(tensor("INPUT0", type, -1, 3)), List.of(tensor("OUTPUT0", type, -1, 3)));
    TestTensor sent =
        type == DataType.BYTES
            ? TestTensor.strings(new long[] {2, 3}, "a", "", "ccc", "dd", "e", "f")
            : TestTensor.counting(type, 2, 3);
    run(
        model,
        instance -> {
          TestBatch batch = TestBatch.of(new TestRequest("INPUT0", sent));
          instance.execute(batch);
          batch.assertSound();
          assertThat(batch.output(0, "OUTPUT0").raw()).isEqualTo(sent.raw());
          assertThat(batch.output(0, "OUTPUT0").type()).isEqualTo(type);
        });
  }

  @Test
  void namesDecideWhichInputAnswersAnOutput() throws Exception {
    ContractModel model =
        numbers()
            .withTensors(
                List.of(
                    tensor("INPUT0", DataType.FP32, -1, 2), tensor("INPUT1", DataType.INT8, -1, 3)),
                List.of(tensor("OUTPUT1", DataType.INT8, -1, 3)));
    TestTensor first = TestTensor.fp32(new long[] {1, 2}, 1, 2);
    TestTensor second = TestTensor.counting(DataType.INT8, 1, 3);
    run(
        model,
        instance -> {
          TestBatch batch =
              TestBatch.of(new TestRequest(Map.of("INPUT0", first, "INPUT1", second)));
          instance.execute(batch);
          batch.assertSound();
          assertThat(batch.output(0, "OUTPUT1").raw()).isEqualTo(second.raw());
        });
  }

  @Test
  void otherNamesPairByPosition() throws Exception {
    ContractModel model =
        numbers()
            .withTensors(
                List.of(tensor("left", DataType.FP32, -1, 2), tensor("right", DataType.INT8, -1)),
                List.of(tensor("x", DataType.FP32, -1, 2), tensor("y", DataType.INT8, -1)));
    TestTensor left = TestTensor.fp32(new long[] {1, 2}, 1, 2);
    TestTensor right = TestTensor.counting(DataType.INT8, 1);
    run(
        model,
        instance -> {
          TestBatch batch = TestBatch.of(new TestRequest(Map.of("left", left, "right", right)));
          instance.execute(batch);
          assertThat(batch.output(0, "x").raw()).isEqualTo(left.raw());
          assertThat(batch.output(0, "y").raw()).isEqualTo(right.raw());
        });
  }

  @Test
  void anOptionalInputThatIsLeftOutLeavesItsOutputOut() throws Exception {
    ContractModel model =
        numbers()
            .withTensors(
                List.of(new TensorSpec("INPUT0", DataType.FP32, new long[] {-1, 4}, true)),
                List.of(tensor("OUTPUT0", DataType.FP32, -1, 4)));
    run(
        model,
        instance -> {
          TestBatch batch = TestBatch.unbatched(new TestRequest(Map.of()));
          instance.execute(batch);
          assertThat(batch.writtenOutputs()).isEmpty();
        });
  }

  @Test
  void aTypeThatDiffersIsRefusedWhenTheModelIsLoaded() throws Exception {
    ContractModel model =
        numbers()
            .withTensors(
                List.of(tensor("INPUT0", DataType.FP32, -1, 4)),
                List.of(tensor("OUTPUT0", DataType.INT32, -1, 4)));
    assertThatThrownBy(() -> backend.load(model.spec()))
        .isInstanceOf(BackendException.class)
        .hasMessage("output 'OUTPUT0': INT32 (expected: FP32, the type of input 'INPUT0')");
  }

  @Test
  void aShapeThatDiffersIsRefusedWhenTheModelIsLoaded() throws Exception {
    ContractModel model =
        numbers()
            .withTensors(
                List.of(tensor("INPUT0", DataType.FP32, -1, 4)),
                List.of(tensor("OUTPUT0", DataType.FP32, -1, 5)));
    assertThatThrownBy(() -> backend.load(model.spec()))
        .isInstanceOf(BackendException.class)
        .hasMessage("output 'OUTPUT0': [-1,5] (expected: [-1,4], the shape of input 'INPUT0')");
  }

  @Test
  void moreOutputsThanInputsAreRefusedWhenTheModelIsLoaded() throws Exception {
    ContractModel model =
        numbers()
            .withTensors(
                List.of(tensor("a", DataType.FP32, -1, 4)),
                List.of(tensor("x", DataType.FP32, -1, 4), tensor("y", DataType.FP32, -1, 4)));
    assertThatThrownBy(() -> backend.load(model.spec()))
        .isInstanceOf(BackendException.class)
        .hasMessage(
            "output 'y': number 2 of the outputs (expected: at most as many as the 1 inputs)");
  }

  @Test
  void eachBatchTakesTheDelayOfItsParameter() throws Exception {
    ContractModel model = numbers().withParameters(Map.of("execute_delay_ms", "25"));
    run(
        model,
        instance -> {
          assertAnswers(model, instance, request(1), request(2));
          assertAnswers(model, instance, request(1));
        });
    assertThat(delays).containsExactly(Duration.ofMillis(25), Duration.ofMillis(25));
  }

  private static TestRequest request(int rows) {
    return new TestRequest(
        Map.of(
            "INPUT0", TestTensor.fp32(new long[] {rows, 4}, new float[rows * 4]),
            "INPUT1", TestTensor.fp32(new long[] {rows, 4}, new float[rows * 4])));
  }

  @Test
  void eachInstanceTakesTheCreationDelay() throws Exception {
    ContractModel model = numbers().withParameters(Map.of("creation_delay_sec", "3"));
    try (var loaded = backend.load(model.spec())) {
      loaded.createInstance(instance(0)).close();
      loaded.createInstance(instance(1)).close();
    }
    assertThat(delays).containsExactly(Duration.ofSeconds(3), Duration.ofSeconds(3));
  }

  @Test
  void anInterruptedDelayFailsTheBatchAndLeavesTheInterrupt() throws Exception {
    var interrupted =
        IdentityBackend.provider(
                delay -> {
                  throw new InterruptedException();
                })
            .start(Map.of());
    ContractModel model = numbers().withParameters(Map.of("execute_delay_ms", "5"));
    try (var loaded = interrupted.load(model.spec());
        var instance = loaded.createInstance(instance(0))) {
      assertThatThrownBy(() -> instance.execute(TestBatch.of(request(1))))
          .isInstanceOf(BackendException.class)
          .hasMessage("interrupted in a delay of 5 ms");
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "x", "", "3000000000", "1.5"})
  void aDelayThatIsNoneIsRefused(String value) throws Exception {
    ContractModel model = numbers().withParameters(Map.of("execute_delay_ms", value));
    assertThatThrownBy(() -> backend.load(model.spec()))
        .isInstanceOf(BackendException.class)
        .hasMessage(
            "parameters['execute_delay_ms']: "
                + value
                + " (expected: an integer from 0 to 2147483647)");
  }

  @Test
  void aParameterWithoutAnEffectIsRefused() throws Exception {
    ContractModel model = numbers().withParameters(Map.of("instance_wise_delay_multiplier", "2"));
    assertThatThrownBy(() -> backend.load(model.spec()))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("instance_wise_delay_multiplier");
  }

  @Test
  void theVersionsFolderIsTheModel() {
    assertThat(backend.defaultModelFilename()).isEmpty();
    assertThat(backend.kinds()).containsExactly(InstanceKind.CPU);
  }
}
