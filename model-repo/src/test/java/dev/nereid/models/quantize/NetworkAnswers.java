package dev.nereid.models.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.backend.Backend;
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
import dev.nereid.models.TestEngines;
import dev.nereid.tensor.DataType;
import java.io.OutputStream;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/** What a network answers in its engine, for one made-up picture. */
public final class NetworkAnswers {

  private NetworkAnswers() {}

  /** Given floats. */
  public static float[] of(Network network, PixelScale scale, String output) throws Exception {
    try (EngineRun run = EngineRun.of(network, TestEngines.ofClassPath(), scale)) {
      run.run(MadeUpPicture.pixels(3, run.input()));
      FloatBuffer values = run.output(output);
      float[] copy = new float[values.remaining()];
      values.get(copy);
      return copy;
    }
  }

  /** Given the pixels as they are. */
  public static float[] ofPixels(Network network, String output) throws Exception {
    Path folder = Files.createTempDirectory("answers");
    Path file = folder.resolve(network.file());
    Files.createDirectories(file.getParent());
    try (OutputStream stream = Files.newOutputStream(file)) {
      network.write(stream);
    }
    Backend backend = TestEngines.ofClassPath().backend(network.backend());
    ModelSource source = new ModelSource("m", 1, folder, network.modelFilename(), Map.of());
    ModelSignature signature = backend.inspect(source);
    TensorSpec input = signature.inputs().get(0);
    assertThat(input.type()).isEqualTo(DataType.UINT8);
    long[] shape = Arrays.copyOfRange(input.shape(), 1, 4);
    byte[] pixels = MadeUpPicture.pixels(3, new PictureInput(input.name(), 1, shape));
    try (LoadedModel model =
            backend.load(ModelSpec.of(source, 8, signature.inputs(), signature.outputs()));
        ModelInstance instance =
            model.createInstance(new InstanceSpec("m_0", InstanceKind.CPU, 0))) {
      long[] full = {1, shape[0], shape[1], shape[2]};
      TestBatch batch =
          TestBatch.of(new TestRequest(input.name(), new TestTensor(DataType.UINT8, full, pixels)));
      instance.execute(batch);
      return batch.output(0, output).floats();
    }
  }
}
