package dev.nereid.models.quantize;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.RepeatedBatch;
import dev.nereid.backend.TensorSpec;
import dev.nereid.tensor.DataType;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A network in its own engine on the CPU, picture by picture. For one thread. */
final class EngineRun implements AutoCloseable {

  private final LoadedModel model;
  private final ModelInstance instance;
  private final ModelSignature signature;
  private final PictureInput input;
  private final PixelScale scale;
  private final RepeatedBatch batch;

  private EngineRun(
      LoadedModel model,
      ModelInstance instance,
      ModelSignature signature,
      PictureInput input,
      PixelScale scale)
      throws BackendException {
    this.model = model;
    this.instance = instance;
    this.signature = signature;
    this.input = input;
    this.scale = scale;
    long[] shape = input.shape();
    TensorSpec pictures =
        new TensorSpec(input.name(), DataType.FP32, input.batch(), shape[0], shape[1], shape[2]);
    this.batch = RepeatedBatch.ofOne(List.of(pictures), 1, RepeatedBatch.Memory.DIRECT);
  }

  /**
   * Writes the network into a folder that is gone again when this returns, and loads it from there.
   */
  static EngineRun of(Network network, Engines engines, PixelScale scale)
      throws BackendException, IOException, UnsupportedNetworkException {
    try (TemporaryFolder folder = TemporaryFolder.create()) {
      Path file = folder.path().resolve(network.file());
      Files.createDirectories(file.getParent());
      try (OutputStream output = Files.newOutputStream(file)) {
        network.write(output);
      }
      return load(
          engines.backend(network.backend()), folder.path(), network.modelFilename(), scale);
    }
  }

  private static EngineRun load(Backend backend, Path folder, String filename, PixelScale scale)
      throws BackendException, UnsupportedNetworkException {
    ModelSource source = new ModelSource("network", 1, folder, filename, Map.of());
    ModelSignature signature = backend.inspect(source);
    PictureInput input = PictureInput.of(signature);
    LoadedModel model =
        backend.load(ModelSpec.of(source, 0, signature.inputs(), signature.outputs()));
    try {
      ModelInstance instance =
          model.createInstance(new InstanceSpec("network_0", InstanceKind.CPU, 0));
      return new EngineRun(model, instance, signature, input, scale);
    } catch (BackendException | RuntimeException e) {
      model.close();
      throw e;
    }
  }

  ModelSignature signature() {
    return signature;
  }

  PictureInput input() {
    return input;
  }

  /**
   * Runs the network on a picture, repeated where the network's batch is fixed.
   *
   * @param pixels in the layout of the input
   */
  void run(byte[] pixels) throws BackendException {
    batch.forget();
    FloatBuffer values = batch.input(input.name()).asFloatBuffer();
    for (int i = 0; i < input.batch(); i++) {
      for (int element = 0; element < pixels.length; element++) {
        int channel = input.channel(element);
        values.put(((pixels[element] & 0xFF) - scale.mean(channel)) / scale.std(channel));
      }
    }
    instance.execute(batch);
  }

  /** An output of the last run; overwritten by the next. */
  FloatBuffer output(String name) throws BackendException {
    return batch.floats(name);
  }

  @Override
  public void close() {
    instance.close();
    model.close();
  }
}
