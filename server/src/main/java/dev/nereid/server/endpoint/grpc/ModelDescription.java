package dev.nereid.server.endpoint.grpc;

import dev.nereid.protocol.ModelConfig;
import dev.nereid.protocol.ModelMetadataResponse;
import dev.nereid.protocol.ModelMetadataResponse.TensorMetadata;
import dev.nereid.server.config.ModelInterface;
import dev.nereid.server.repository.ModelVersion;
import java.util.List;

/** A model as ModelMetadata shows it. */
final class ModelDescription {

  private ModelDescription() {}

  /**
   * @param versions that are ready, or the one that was asked for
   */
  static ModelMetadataResponse metadata(ModelVersion model, List<Long> versions) {
    ModelConfig config = model.config();
    ModelMetadataResponse.Builder metadata =
        ModelMetadataResponse.newBuilder()
            .setName(model.name())
            .setPlatform(
                config.getPlatform().isEmpty() ? config.getBackend() : config.getPlatform());
    for (long version : versions) {
      metadata.addVersions(Long.toString(version));
    }
    for (ModelInterface.Input input : model.signature().inputs()) {
      metadata.addInputs(tensor(input.name(), input.type().name(), input.clientShape()));
    }
    for (ModelInterface.Output output : model.signature().outputs()) {
      metadata.addOutputs(tensor(output.name(), output.type().name(), output.clientShape()));
    }
    return metadata.build();
  }

  private static TensorMetadata tensor(String name, String datatype, long[] shape) {
    TensorMetadata.Builder tensor = TensorMetadata.newBuilder().setName(name).setDatatype(datatype);
    for (long dimension : shape) {
      tensor.addShape(dimension);
    }
    return tensor.build();
  }
}
