package dev.nereid.backend.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.contract.ContractModel;
import dev.nereid.tensor.DataType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The first runs of a session, which are the same wherever it runs. */
@SuppressWarnings("NullAway.Init") // JUnit fills the directory before each test.
class WarmupTest {

  @TempDir private Path directory;

  private Path version() throws Exception {
    return Files.createDirectories(directory.resolve("m").resolve("1"));
  }

  private int batches(ContractModel model) throws Exception {
    Engine engine = Engine.start(BackendSettings.parse(Map.of()));
    ModelSpec spec = model.spec();
    try (SessionOptions options = new SessionOptions();
        OrtSession session =
            engine.environment().createSession(spec.source().modelPath().toString(), options)) {
      return new Warmup(spec, OnnxSignature.servable(session), engine.tensors()).run(session);
    }
  }

  @Test
  void theLargestBatchThePreferredOnesAndOneRowAreRun() throws Exception {
    ModelSpec plain = OnnxModels.echo(version(), 8, DataType.FP32, -1, 3).spec();
    ModelSpec spec =
        new ModelSpec(
            plain.source(),
            8,
            List.of(2, 4),
            plain.inputs(),
            plain.outputs(),
            plain.instances(),
            OptionalInt.empty(),
            List.of(),
            plain.gpu());
    Engine engine = Engine.start(BackendSettings.parse(Map.of()));
    try (OrtSession session =
        engine.environment().createSession(spec.source().modelPath().toString())) {
      Warmup warmup = new Warmup(spec, OnnxSignature.servable(session), engine.tensors());
      assertThat(warmup.sizes()).containsExactly(8, 4, 2, 1);
    }
  }

  @Test
  void aSessionRunsOnZeros() throws Exception {
    assertThat(batches(OnnxModels.addSub(version()))).isEqualTo(2);
  }

  @Test
  void aModelOfStringsStartsCold() throws Exception {
    assertThat(batches(OnnxModels.echo(version(), 8, DataType.BYTES, -1, 2))).isZero();
  }
}
