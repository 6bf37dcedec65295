package dev.nereid.backend.tensorflow;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.BackendProvider;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The backend as on a host with GPUs, where TensorFlow has none: it puts on the CPU what it is told
 * to put on a GPU, so that all of the way to a GPU is walked but for its kernels.
 */
final class GpuPath implements BackendProvider {

  static final int GPUS = 2;

  private final int gpu;

  /**
   * @param gpu that every instance is on, though it asks for the CPU
   */
  GpuPath(int gpu) {
    this.gpu = gpu;
  }

  @Override
  public String name() {
    return TensorFlowProvider.NAME;
  }

  @Override
  public Backend start(Map<String, String> settings) throws BackendException {
    BackendSettings parsed = BackendSettings.parse(settings);
    NativeLibrary.load(parsed.libraryCacheDirectory());
    TensorFlowGpus gpus =
        new TensorFlowGpus(
            () -> true,
            () -> GPUS,
            Path.of("/dev/null"),
            new TensorFlowGpus.Libraries(List::of, List::of));
    return new OnGpu(new TensorFlowBackend(parsed, gpus));
  }

  private InstanceSpec moved(InstanceSpec instance) {
    // What asks for a GPU by itself is to find that there is none such.
    return instance.kind() == InstanceKind.GPU
        ? new InstanceSpec(instance.name(), InstanceKind.GPU, GPUS)
        : new InstanceSpec(instance.name(), InstanceKind.GPU, gpu);
  }

  private final class OnGpu implements Backend {
    private final Backend backend;

    OnGpu(Backend backend) {
      this.backend = backend;
    }

    @Override
    public String defaultModelFilename() {
      return backend.defaultModelFilename();
    }

    @Override
    public Set<InstanceKind> kinds() {
      return Set.of(InstanceKind.CPU);
    }

    @Override
    public ModelSignature inspect(ModelSource source) throws BackendException {
      return backend.inspect(source);
    }

    @Override
    public LoadedModel load(ModelSpec spec) throws BackendException {
      InstanceSpec[] instances =
          spec.instances().stream().map(GpuPath.this::moved).toArray(InstanceSpec[]::new);
      LoadedModel model = backend.load(spec.withInstances(instances));
      return new LoadedModel() {
        @Override
        public ModelInstance createInstance(InstanceSpec instance) throws BackendException {
          return model.createInstance(moved(instance));
        }

        @Override
        public void close() {
          model.close();
        }
      };
    }

    @Override
    public void close() {
      backend.close();
    }
  }
}
