package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;
import org.tensorflow.internal.c_api.TF_Buffer;
import org.tensorflow.internal.c_api.TF_Graph;
import org.tensorflow.internal.c_api.TF_Operation;
import org.tensorflow.internal.c_api.TF_Session;
import org.tensorflow.internal.c_api.TF_SessionOptions;
import org.tensorflow.internal.c_api.global.tensorflow;
import org.tensorflow.proto.ConfigProto;

/**
 * A SavedModel in memory: its graph, and one session, whose variables are restored and whose
 * initialisers have run.
 *
 * <p>Every instance runs on that one session, which TensorFlow allows of any number of threads, so
 * that weights are there once.
 *
 * <p>Loaded by the C API's call itself rather than by DJL's method around it: that one also hands
 * back the model's whole description, and a frozen model's weights would lie on the heap as long as
 * the model is loaded.
 */
final class TensorFlowModel implements LoadedModel {

  private final ModelSpec spec;
  private final List<Port> inputs;
  private final List<Port> outputs;
  private final TF_Graph graph;
  private final TF_Session session;

  /**
   * One input or output.
   *
   * @param configured as requests have it
   * @param scalar whether the graph has it without dimensions
   * @param operation of the graph that has it
   * @param index among that operation's outputs
   */
  record Port(TensorSpec configured, boolean scalar, TF_Operation operation, int index) {}

  TensorFlowModel(
      ModelSpec spec, TfSignature signature, ModelSignature described, ConfigProto config)
      throws BackendException {
    this.spec = spec;
    this.graph = tensorflow.TF_NewGraph();
    TF_Session loaded = null;
    try {
      loaded = load(SavedModelFile.folder(spec.source()), signature.tags(), config);
      inputs = new ArrayList<>();
      for (TensorSpec input : spec.inputs()) {
        inputs.add(port(input, described.inputs(), signature.inputTensor(input.name())));
      }
      outputs = new ArrayList<>();
      for (TensorSpec output : spec.outputs()) {
        outputs.add(port(output, described.outputs(), signature.outputTensor(output.name())));
      }
    } catch (BackendException | RuntimeException e) {
      if (loaded != null) {
        delete(loaded);
      }
      tensorflow.TF_DeleteGraph(graph);
      throw e;
    }
    this.session = loaded;
  }

  private TF_Session load(Path folder, Set<String> tags, ConfigProto config)
      throws BackendException {
    TF_SessionOptions options = tensorflow.TF_NewSessionOptions();
    List<BytePointer> tagTexts = tags.stream().map(TensorFlowModel::text).toList();
    try (TfStatus status = new TfStatus();
        BytePointer configBytes = new BytePointer(config.toByteArray());
        BytePointer folderBytes = text(folder.toString());
        PointerPointer<BytePointer> tagArray = new PointerPointer<>(tags.size())) {
      tensorflow.TF_SetConfig(options, configBytes, config.getSerializedSize(), status.handle());
      status.check("unable to load model '" + spec.source().modelName() + "', ");
      for (int i = 0; i < tagTexts.size(); i++) {
        tagArray.put(i, tagTexts.get(i));
      }
      TF_Session loaded =
          tensorflow.TF_LoadSessionFromSavedModel(
              options,
              null,
              folderBytes,
              tagArray,
              tags.size(),
              graph,
              (TF_Buffer) null,
              status.handle());
      status.check("unable to load model '" + spec.source().modelName() + "', ");
      return loaded;
    } finally {
      tagTexts.forEach(BytePointer::close);
      tensorflow.TF_DeleteSessionOptions(options);
    }
  }

  private static BytePointer text(String text) {
    return new BytePointer((text + '\0').getBytes(StandardCharsets.UTF_8));
  }

  private Port port(TensorSpec configured, List<TensorSpec> described, String tensor)
      throws BackendException {
    boolean scalar =
        described.stream()
            .anyMatch(own -> own.name().equals(configured.name()) && own.shape().length == 0);
    int colon = tensor.lastIndexOf(':');
    String name = colon < 0 ? tensor : tensor.substring(0, colon);
    TF_Operation operation;
    try (BytePointer bytes = text(name)) {
      operation = tensorflow.TF_GraphOperationByName(graph, bytes);
    }
    int index = colon < 0 ? 0 : index(tensor.substring(colon + 1));
    if (operation == null
        || operation.isNull()
        || index < 0
        || index >= tensorflow.TF_OperationNumOutputs(operation)) {
      throw new BackendException(
          "unable to load model '%s', tensor '%s': '%s' in the signature (expected: a tensor of the graph)"
              .formatted(spec.source().modelName(), configured.name(), tensor));
    }
    return new Port(configured, scalar, operation, index);
  }

  private static int index(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  @Override
  public ModelInstance createInstance(InstanceSpec instance) throws BackendException {
    if (instance.kind() != InstanceKind.CPU) {
      throw new BackendException(
          "instance '%s': KIND_%s (expected: KIND_CPU, since this build of the tensorflow backend runs on the CPU alone)"
              .formatted(instance.name(), instance.kind()));
    }
    return new TensorFlowInstance(session, spec.isBatching(), inputs, outputs);
  }

  @Override
  public void close() {
    delete(session);
    tensorflow.TF_DeleteGraph(graph);
  }

  private static void delete(TF_Session session) {
    try (TfStatus status = new TfStatus()) {
      tensorflow.TF_CloseSession(session, status.handle());
      // Whatever it says of closing, the session's memory is to be freed.
      tensorflow.TF_DeleteSession(session, status.handle());
    }
  }
}
