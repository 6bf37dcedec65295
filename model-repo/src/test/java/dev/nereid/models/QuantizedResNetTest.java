package dev.nereid.models;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The 8-bit models, built and run by the engines of their formats. */
final class QuantizedResNetTest {

  private static final List<String> progress = new ArrayList<>();
  private static Path repository = Path.of("");

  @BeforeAll
  static void build(@TempDir Path folder) throws Exception {
    repository = folder;
    new ModelRepositoryBuilder(
            new BuildRequest(
                folder,
                42,
                Set.of(),
                Set.of(
                    "resnet50_onnx_int8",
                    "resnet50_tftrt_int8",
                    "resnet50_tftrt_int8_uint8",
                    "resnet50_tensorrt_int8",
                    "resnet50_tensorrt_int8_tuned"),
                2,
                false),
            TestEngines.ofClassPath(),
            line -> {
              System.out.println(line);
              progress.add(line);
            })
        .build();
  }

  @Test
  void weightsOfEightBitsAreAQuarterAsLarge() throws Exception {
    assertThat(Files.size(repository.resolve("resnet50_tensorrt_int8/1/model.onnx")))
        .isLessThan(27_000_000);
    assertThat(Files.size(repository.resolve("resnet50_onnx_int8/1/model.onnx")))
        .isLessThan(27_000_000);
  }
}
