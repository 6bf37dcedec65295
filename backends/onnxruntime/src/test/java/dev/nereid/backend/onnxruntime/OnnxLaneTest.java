package dev.nereid.backend.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BatchLane;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LanedInstance;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.contract.TestBatch;
import dev.nereid.backend.contract.TestRequest;
import dev.nereid.backend.contract.TestTensor;
import dev.nereid.tensor.DataType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two lanes over one session, as an instance on a GPU has them. */
class OnnxLaneTest {

  @TempDir Path directory;

  private static TestBatch batch(float first) {
    return TestBatch.of(
        new TestRequest("INPUT", TestTensor.fp32(new long[] {1, 3}, first, first + 1, first + 2)),
        new TestRequest("INPUT", TestTensor.fp32(new long[] {1, 3}, first + 3, 0, first + 5)));
  }

  private static BatchLane lane(ModelInstance instance) {
    return ((LanedInstance) instance).lanes().get(0);
  }

  @Test
  void batchesInFlightAreAnsweredWithTheirOwnRows() throws Exception {
    Path version = Files.createDirectories(directory.resolve("echo").resolve("1"));
    ModelSpec spec =
        OnnxModels.echo(version, 8, DataType.FP32, -1, 3)
            .withParameters(Map.of("share_session_between_instances", "true"))
            .spec();
    Backend backend = new OnnxRuntimeProvider().start(Map.of());
    try (LoadedModel model = backend.load(spec);
        ModelInstance first =
            model.createInstance(new InstanceSpec("echo_0_0", InstanceKind.CPU, 0));
        ModelInstance second =
            model.createInstance(new InstanceSpec("echo_0_1", InstanceKind.CPU, 0))) {
      assertThat(first.depth()).as("on the CPU").isEqualTo(1);
      LanedInstance both =
          new LanedInstance(List.of(lane(first), lane(second)), () -> {}, "echo_0_0");
      TestBatch before = batch(0);
      both.start(before);
      for (int i = 1; i < 20; i++) {
        TestBatch next = batch(10 * i);
        both.start(next);
        both.complete(before);
        assertEchoed(before, 10 * (i - 1));
        before = next;
      }
      both.complete(before);
      assertEchoed(before, 190);
    }
  }

  private static void assertEchoed(TestBatch batch, float first) {
    batch.assertSound();
    assertThat(batch.output(0, "OUTPUT").floats()).containsExactly(first, first + 1, first + 2);
    assertThat(batch.output(1, "OUTPUT").floats()).containsExactly(first + 3, 0, first + 5);
  }
}
