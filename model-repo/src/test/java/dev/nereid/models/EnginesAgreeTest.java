package dev.nereid.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

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
import dev.nereid.backend.TensorSpec;
import dev.nereid.backend.contract.TestBatch;
import dev.nereid.backend.contract.TestRequest;
import dev.nereid.backend.contract.TestTensor;
import dev.nereid.tensor.DataType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Both files through the engines that serve them. */
final class EnginesAgreeTest {

  private static final int ROW = 224 * 224 * 3;
  private static final int CLASSES = 1000;

  private static float[][] tensorFlow = {};
  private static float[][] onnxRuntime = {};

  @BeforeAll
  static void runBoth(@TempDir Path repository) throws IOException, BackendException {
    new ModelRepositoryBuilder(
            new BuildRequest(
                repository,
                11,
                Set.of(Variant.CPU),
                Set.of("resnet50_original", "resnet50_onnx"),
                2,
                false),
            TestEngines.none(),
            line -> {})
        .build();
    tensorFlow = run(repository, "resnet50_original", "tensorflow", "model.savedmodel");
    onnxRuntime = run(repository, "resnet50_onnx", "onnxruntime", "model.onnx");
  }

  @Test
  void tensorFlowAndOnnxRuntimeGiveTheSameProbabilities() {
    for (int row = 0; row < tensorFlow.length; row++) {
      assertThat(tensorFlow[row]).containsExactly(onnxRuntime[row], within(1e-4f));
    }
  }

  @Test
  void probabilitiesAreFiniteAndSumToOne() {
    for (float[] probabilities : tensorFlow) {
      float sum = 0;
      for (float probability : probabilities) {
        assertThat(probability).isFinite().isNotNegative();
        sum += probability;
      }
      assertThat(sum).isCloseTo(1, within(1e-4f));
    }
  }

  @Test
  void noSingleClassTakesItAllAndImagesAreToldApart() {
    for (float[] probabilities : tensorFlow) {
      // An even spread would give each class 0.001.
      assertThat(max(probabilities)).isBetween(0.003f, 0.9f);
    }
    assertThat(tensorFlow[0]).usingComparatorWithPrecision(1e-3f).isNotEqualTo(tensorFlow[1]);
  }

  /** Two images in one request and one in another, as one batch: the answer's rows. */
  private static float[][] run(Path repository, String model, String engine, String file)
      throws BackendException {
    BackendProvider provider =
        ServiceLoader.load(BackendProvider.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(candidate -> candidate.name().equals(engine))
            .findFirst()
            .orElseThrow();
    try (Backend backend = provider.start(Map.of())) {
      ModelSource source =
          new ModelSource(model, 1, repository.resolve(model).resolve("1"), file, Map.of());
      ModelSignature signature = backend.inspect(source);
      assertThat(signature.inputs())
          .containsExactly(new TensorSpec("input", DataType.FP32, -1, 224, 224, 3));
      assertThat(signature.outputs())
          .containsExactly(new TensorSpec("probabilities", DataType.FP32, -1, CLASSES));
      ModelSpec spec = ModelSpec.of(source, 8, signature.inputs(), signature.outputs());
      try (LoadedModel loaded = backend.load(spec);
          ModelInstance instance =
              loaded.createInstance(new InstanceSpec(model + "_0", InstanceKind.CPU, 0))) {
        TestBatch batch = TestBatch.of(images(0, 2), images(2, 1));
        instance.execute(batch);
        batch.assertSound();
        return new float[][] {
          rows(batch.output(0, "probabilities"), 0),
          rows(batch.output(0, "probabilities"), 1),
          rows(batch.output(1, "probabilities"), 0)
        };
      }
    }
  }

  private static float[] rows(TestTensor tensor, int row) {
    return Arrays.copyOfRange(tensor.floats(), row * CLASSES, (row + 1) * CLASSES);
  }

  /** Smooth pictures, each of its own, in the range of an image whose mean was taken off. */
  private static TestRequest images(int first, int count) {
    float[] pixels = new float[count * ROW];
    for (int i = 0; i < pixels.length; i++) {
      int image = first + i / ROW;
      int column = i / 3 % 224;
      int row = i % ROW / (3 * 224);
      double wave =
          Math.sin((3 + image) * column / 40.0 + i % 3) * Math.cos((2 + i % 3) * row / 50.0);
      pixels[i] = (float) (100 * wave);
    }
    return new TestRequest("input", TestTensor.fp32(new long[] {count, 224, 224, 3}, pixels));
  }

  private static float max(float[] values) {
    float max = Float.NEGATIVE_INFINITY;
    for (float value : values) {
      max = Math.max(max, value);
    }
    return max;
  }
}
