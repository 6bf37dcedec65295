package dev.nereid.server.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.GpuOptions;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import dev.nereid.server.GpuMemory;
import dev.nereid.server.gpu.FakeDevice;
import dev.nereid.server.memory.ModelMemory;
import dev.nereid.server.memory.PinnedMemory;
import dev.nereid.server.memory.TensorMemory;
import dev.nereid.tensor.DataType;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which models have page-locked memory, and how long. */
class PinnedModelTest {

  @TempDir private Path directory;

  private static final InstanceSpec CPU = new InstanceSpec("m_0", InstanceKind.CPU, 0);
  private static final InstanceSpec GPU = new InstanceSpec("m_1", InstanceKind.GPU, 0);

  /** Loads, unless it is told not to. */
  private record Engine(boolean fails) implements Backend {

    @Override
    public String defaultModelFilename() {
      return "";
    }

    @Override
    public Set<InstanceKind> kinds() {
      return Set.of(InstanceKind.CPU, InstanceKind.GPU);
    }

    @Override
    public ModelSignature inspect(ModelSource source) {
      return ModelSignature.UNKNOWN;
    }

    @Override
    public LoadedModel load(ModelSpec spec) throws BackendException {
      if (fails) {
        throw new BackendException("no memory on the device");
      }
      return new LoadedModel() {
        @Override
        public ModelInstance createInstance(InstanceSpec instance) throws BackendException {
          throw new BackendException("no instance");
        }

        @Override
        public void close() {}
      };
    }
  }

  private ModelSpec spec(InstanceSpec... instances) {
    TensorSpec tensor = new TensorSpec("T", DataType.FP32, -1, 4);
    return ModelSpec.of(
            new ModelSource("m", 1, directory, "", Map.of()), 8, List.of(tensor), List.of(tensor))
        .withInstances(instances);
  }

  @Test
  void memoryIsLockedWhileAModelOnAGpuIsThere() throws Exception {
    FakeDevice gpu = new FakeDevice(directory);
    PinnedMemory memory =
        new PinnedMemory(
            new TensorMemory(1 << 20),
            GpuMemory.of(Optional.of(gpu.driver())).pageLocking(),
            256L << 20);

    LoadedModel onCpu = PinnedModel.load(new Engine(false), spec(CPU), memory);
    assertThat(memory.lockedBytes()).isZero();
    for (int i = 0; i < 50; i++) {
      LoadedModel onGpu = PinnedModel.load(new Engine(false), spec(CPU, GPU), memory);
      assertThat(memory.lockedBytes()).isEqualTo(64 << 20);
      assertThatThrownBy(() -> onGpu.createInstance(GPU)).hasMessage("no instance");
      onGpu.close();
      assertThat(memory.lockedBytes()).isZero();
      gpu.assertGivenBack();
    }
    assertThatThrownBy(() -> PinnedModel.load(new Engine(true), spec(GPU), memory))
        .hasMessage("no memory on the device");
    assertThat(memory.lockedBytes()).isZero();
    gpu.assertGivenBack();
    onCpu.close();
    memory.close();
  }

  @Test
  void theConfigMayKeepInputsOrOutputsOutOfIt() {
    TensorMemory ordinary = new TensorMemory(1 << 20);
    PinnedMemory memory = PinnedMemory.none(ordinary);

    assertThat(PinnedModel.memory(spec(GPU), memory)).isEqualTo(new ModelMemory(memory, memory));
    assertThat(PinnedModel.memory(spec(CPU), memory))
        .isEqualTo(new ModelMemory(ordinary, ordinary));
    GpuOptions options = new GpuOptions(false, List.of(), false, false, false, false, true);
    assertThat(PinnedModel.memory(spec(GPU).withGpu(options), memory))
        .isEqualTo(new ModelMemory(ordinary, memory));
    options = new GpuOptions(false, List.of(), false, false, false, true, false);
    assertThat(PinnedModel.memory(spec(GPU).withGpu(options), memory))
        .isEqualTo(new ModelMemory(memory, ordinary));
  }
}
