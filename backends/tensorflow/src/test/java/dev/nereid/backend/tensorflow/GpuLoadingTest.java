package dev.nereid.backend.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.contract.ContractModel;
import dev.nereid.backend.contract.TestBatch;
import dev.nereid.backend.contract.TestRequest;
import dev.nereid.backend.contract.TestTensor;
import dev.nereid.backend.contract.TurnTaken;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models on the way to GPUs, where TensorFlow has none: see {@link GpuPath}. */
class GpuLoadingTest {

  @TempDir Path repository;

  private Path version() throws Exception {
    return Files.createDirectories(repository.resolve("m/1"));
  }

  private static TensorFlowBackend backend(Map<String, String> settings, int gpus)
      throws Exception {
    BackendSettings parsed = BackendSettings.parse(settings);
    NativeLibrary.load(parsed.libraryCacheDirectory());
    return new TensorFlowBackend(
        parsed,
        new TensorFlowGpus(
            () -> true,
            () -> gpus,
            Path.of("/dev/null"),
            new TensorFlowGpus.Libraries(List::of, List::of)));
  }

  private static InstanceSpec gpu(int device) {
    return new InstanceSpec("m_0_" + device, InstanceKind.GPU, device);
  }

  private static float[] sum(ModelInstance instance) throws Exception {
    float[] ones = new float[16];
    Arrays.fill(ones, 1);
    TestTensor tensor = TestTensor.fp32(new long[] {1, 16}, ones);
    TestBatch batch = TestBatch.of(new TestRequest(Map.of("INPUT0", tensor, "INPUT1", tensor)));
    instance.execute(batch);
    batch.assertSound();
    return batch.output(0, "OUTPUT0").floats();
  }

  @Test
  void aModelThatKeepsStateRunsAsItIsOnAnyGpu() throws Exception {
    ContractModel model = FunctionModels.counting(version());
    try (Backend backend = backend(Map.of(), 2);
        LoadedModel loaded = backend.load(model.spec().withInstances(gpu(1)));
        ModelInstance instance = loaded.createInstance(gpu(1))) {
      assertThat(sum(instance)).containsOnly(2);
      assertThat(sum(instance)).containsOnly(2);
    }
  }

  @Test
  void instancesOnSeveralDevicesHaveASessionEach() throws Exception {
    ContractModel model = TfModels.addSub(version());
    InstanceSpec cpu = new InstanceSpec("m_1_0", InstanceKind.CPU, 0);
    ModelSpec spec = model.spec().withInstances(gpu(0), gpu(1), cpu, gpu(0));
    try (Backend backend = backend(Map.of(), 2);
        LoadedModel loaded = backend.load(spec)) {
      for (InstanceSpec one : spec.instances()) {
        try (ModelInstance instance = loaded.createInstance(one)) {
          assertThat(sum(instance)).containsOnly(2);
        }
      }
    }
  }

  @Test
  void firstRunsOnAGpuWaitForEnginesThatAnotherBackendBuilds() throws Exception {
    ModelSpec spec = TfModels.addSub(version()).spec().withInstances(gpu(0), gpu(1));
    try (Backend backend = backend(Map.of(), 2);
        LoadedModel loaded = TurnTaken.waitsForIt(() -> backend.load(spec));
        ModelInstance instance = loaded.createInstance(gpu(1))) {
      assertThat(sum(instance)).containsOnly(2);
    }
  }

  @Test
  void aGpuThatTensorFlowLacksIsRefusedWithTheReason() throws Exception {
    ContractModel model = TfModels.addSub(version());
    try (Backend backend = backend(Map.of(), 2)) {
      assertThat(backend.kinds()).containsExactlyInAnyOrder(InstanceKind.CPU, InstanceKind.GPU);
      assertThatThrownBy(() -> backend.load(model.spec().withInstances(gpu(0), gpu(2))))
          .isInstanceOf(BackendException.class)
          .hasMessageContaining("instance 'm_0_2': GPU 2 (expected: a GPU that TensorFlow has")
          .hasMessageContaining("of which there are 2");
    }
  }

  @Test
  void tensorRtIsRefusedWhereTensorFlowWasBuiltWithoutIt() throws Exception {
    ContractModel model = TfModels.addSub(version());
    ModelSpec spec =
        model
            .spec()
            .withInstances(gpu(0))
            .withAccelerators(new ModelSpec.Accelerator(InstanceKind.GPU, "tensorrt", Map.of()));
    try (Backend backend = backend(Map.of(), 1)) {
      assertThatThrownBy(() -> backend.load(spec))
          .isInstanceOf(BackendException.class)
          .hasMessageContaining("optimization.execution_accelerators: tensorrt (expected: TensorRT")
          .hasMessageContaining("was built without it");
    }
  }

  @Test
  void mixedPrecisionLoads() throws Exception {
    ContractModel model = TfModels.addSub(version());
    ModelSpec spec =
        model
            .spec()
            .withInstances(gpu(0))
            .withAccelerators(
                new ModelSpec.Accelerator(InstanceKind.GPU, "auto_mixed_precision", Map.of()));
    try (Backend backend = backend(Map.of("gpu-memory-fraction", "0.5"), 1);
        LoadedModel loaded = backend.load(spec);
        ModelInstance instance = loaded.createInstance(gpu(0))) {
      assertThat(sum(instance)).containsOnly(2);
    }
  }
}
