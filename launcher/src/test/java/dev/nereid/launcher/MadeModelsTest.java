package dev.nereid.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.BackendProvider;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import dev.nereid.models.ModelsCommand;
import dev.nereid.server.config.ModelConfigLoader;
import dev.nereid.server.config.VersionConfig;
import dev.nereid.tensor.DataType;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The models that {@code nereid models} makes, as the server reads them. */
final class MadeModelsTest {

  private static final Map<String, Backend> started = new ConcurrentHashMap<>();
  private static Path repository = Path.of("");

  @BeforeAll
  static void make(@TempDir Path folder) {
    repository = folder;
    run("build", "--into", folder.toString(), "--gpu");
    run("build", "--into", folder.toString(), "--only", "resnet50_onnx_int8");
    String onnx = folder.resolve("resnet50_tensorrt_fp16/1/model.onnx").toString();
    run("import", "--onnx", onnx, "--name", "cats", "--into", folder.toString());
    String saved = folder.resolve("resnet50_original/1/model.savedmodel").toString();
    run("import", "--saved-model", saved, "--name", "dogs", "--into", folder.toString());
  }

  @AfterAll
  static void close() {
    started.values().forEach(Backend::close);
    started.clear();
  }

  @ParameterizedTest
  @ValueSource(strings = {"resnet50_original", "resnet50_onnx_int8", "cats_onnx", "dogs_original"})
  void thoseForACpuAreLoadedAsTheyAre(String model) throws Exception {
    ModelConfigLoader loader =
        new ModelConfigLoader(MadeModelsTest::engine, ModelConfigLoader.Options.DEFAULTS);
    VersionConfig config = loader.complete(loader.read(repository.resolve(model)), 1);
    try (LoadedModel loaded = config.backend().load(config.spec())) {
      loaded.createInstance(config.spec().instances().get(0)).close();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "resnet50_tftrt_fp32",
        "resnet50_tftrt_fp16",
        "resnet50_tftrt_int8",
        "resnet50_tftrt_int8_bs16_count4",
        "resnet50_tftrt_int8_uint8",
        "resnet50_tensorrt_fp16",
        "resnet50_tensorrt_int8",
        "resnet50_tensorrt_int8_tuned",
        "cats_tensorrt_fp16",
        "dogs_tftrt_fp32",
        "dogs_tftrt_fp16"
      })
  void thoseForAGpuAreWholeConfigurationsOfTheirFiles(String model) throws Exception {
    ModelConfigLoader loader =
        new ModelConfigLoader(
            WithGpu::of, new ModelConfigLoader.Options(true, Optional.empty(), List.of(0)));
    VersionConfig config = loader.complete(loader.read(repository.resolve(model)), 1);
    ModelSpec spec = config.spec();
    assertThat(spec.instances())
        .isNotEmpty()
        .allSatisfy(instance -> assertThat(instance.kind()).isEqualTo(InstanceKind.GPU));
    assertThat(spec.preferredBatchSizes()).contains(spec.maxBatchSize());
    ModelSignature signature = config.backend().inspect(spec.source());
    assertThat(spec.inputs()).isEqualTo(signature.inputs());
    assertThat(spec.outputs()).isEqualTo(signature.outputs());
  }

  @Test
  void theTunedModelTakesPixels() throws Exception {
    ModelConfigLoader loader =
        new ModelConfigLoader(
            WithGpu::of, new ModelConfigLoader.Options(true, Optional.empty(), List.of(0)));
    VersionConfig config =
        loader.complete(loader.read(repository.resolve("resnet50_tensorrt_int8_tuned")), 1);
    assertThat(config.spec().inputs().get(0).type()).isEqualTo(DataType.UINT8);
    assertThat(config.spec().source().parameters()).containsEntry("precision_mode", "INT8");
  }

  private static Backend engine(String name) throws BackendException {
    Backend backend = started.get(name);
    if (backend == null) {
      backend =
          ServiceLoader.load(BackendProvider.class).stream()
              .map(ServiceLoader.Provider::get)
              .filter(provider -> provider.name().equals(name))
              .findFirst()
              .orElseThrow(() -> new BackendException("no backend '" + name + "'"))
              .start(Map.of());
      started.put(name, backend);
    }
    return backend;
  }

  /**
   * An engine of this machine that says it has a GPU; TensorRT's files are read by ONNX Runtime.
   */
  private record WithGpu(Backend engine) implements Backend {

    static Backend of(String name) throws BackendException {
      return new WithGpu(MadeModelsTest.engine(name.equals("tensorrt") ? "onnxruntime" : name));
    }

    @Override
    public String defaultModelFilename() {
      return engine.defaultModelFilename();
    }

    @Override
    public Set<InstanceKind> kinds() {
      return Set.of(InstanceKind.CPU, InstanceKind.GPU);
    }

    @Override
    public ModelSignature inspect(ModelSource source) throws BackendException {
      return engine.inspect(
          new ModelSource(
              source.modelName(),
              source.version(),
              source.versionDirectory(),
              source.modelFilename(),
              Map.of()));
    }

    @Override
    public LoadedModel load(ModelSpec spec) throws BackendException {
      throw new BackendException("no GPU to load on");
    }
  }

  private static void run(String... arguments) {
    StringWriter err = new StringWriter();
    List<String> all = new ArrayList<>(List.of(arguments));
    int exitCode =
        ModelsCommand.commandLine(MadeModelsTest::engine)
            .setOut(new PrintWriter(new StringWriter()))
            .setErr(new PrintWriter(err, true))
            .execute(all.toArray(String[]::new));
    assertThat(exitCode).as(err.toString()).isZero();
  }
}
