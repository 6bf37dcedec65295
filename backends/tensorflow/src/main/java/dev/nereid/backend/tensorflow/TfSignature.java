package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import dev.nereid.tensor.DataType;
import dev.nereid.tensor.Shapes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorShapeProto;

/**
 * One signature of a SavedModel: its keys are the names that requests use, and lead to tensors of
 * the graph.
 */
final class TfSignature {

  static final String DEFAULT_TAG = "serve";
  static final String DEFAULT_KEY = "serving_default";
  private static final String PREDICT = "tensorflow/serving/predict";
  private static final String INIT_KEY = "__saved_model_init_op";
  private static final String TRAIN_KEY = "__saved_model_train_op";

  private final Set<String> tags;
  private final Map<String, TensorInfo> inputs;
  private final Map<String, TensorInfo> outputs;

  private TfSignature(Set<String> tags, SignatureDef definition) {
    this.tags = tags;
    this.inputs = new TreeMap<>(definition.getInputsMap());
    this.outputs = new TreeMap<>(definition.getOutputsMap());
  }

  /**
   * Picks the graph by its tag and the signature by its key, as Triton does: where no key is asked
   * for and {@code serving_default} is not there, any that is neither for initialising nor for
   * training. A graph that has other tags too, as one for a TPU, is picked where none has this one
   * alone.
   *
   * @param wantedTag {@code TF_GRAPH_TAG}; {@code serve} where it is not there
   * @param wantedKey {@code TF_SIGNATURE_DEF}
   */
  static TfSignature of(ModelSource source, Optional<String> wantedTag, Optional<String> wantedKey)
      throws BackendException {
    String tag = wantedTag.filter(text -> !text.isEmpty()).orElse(DEFAULT_TAG);
    Optional<String> key = wantedKey.filter(text -> !text.isEmpty());
    SavedModelFile.MetaGraph graph =
        SavedModelFile.read(source).stream()
            .filter(candidate -> candidate.tags().contains(tag))
            .min(Comparator.comparingInt(candidate -> candidate.tags().size()))
            .orElseThrow(
                () ->
                    new BackendException(
                        "unable to load model '%s', expected '%s' tag"
                            .formatted(source.modelName(), tag)));
    return new TfSignature(graph.tags(), signature(source, graph.signatures(), key));
  }

  private static SignatureDef signature(
      ModelSource source, Map<String, SignatureDef> signatures, Optional<String> key)
      throws BackendException {
    String wanted = key.orElse(DEFAULT_KEY);
    SignatureDef found = signatures.get(wanted);
    if (found == null && key.isEmpty()) {
      found =
          signatures.entrySet().stream()
              .filter(entry -> !entry.getKey().equals(INIT_KEY))
              .filter(entry -> !entry.getKey().equals(TRAIN_KEY))
              .map(Map.Entry::getValue)
              .findFirst()
              .orElse(null);
    }
    if (found == null) {
      throw new BackendException(
          "unable to load model '" + source.modelName() + "', expected '" + wanted + "' signature");
    }
    return found;
  }

  /** All tags of the graph that it is of, by which TensorFlow finds it. */
  Set<String> tags() {
    return tags;
  }

  List<String> inputNames() {
    return List.copyOf(inputs.keySet());
  }

  List<String> outputNames() {
    return List.copyOf(outputs.keySet());
  }

  /**
   * The same for a graph in which outputs are other tensors.
   *
   * @param tensors by the output's name, as {@code operation:index}
   */
  SignatureDef withOutputs(Map<String, String> tensors) {
    SignatureDef.Builder definition =
        SignatureDef.newBuilder().setMethodName(PREDICT).putAllInputs(inputs);
    outputs.forEach(
        (name, info) ->
            definition.putOutputs(
                name,
                info.toBuilder().setName(tensors.getOrDefault(name, info.getName())).build()));
    return definition.build();
  }

  /** The graph's tensor behind an input, as {@code operation:index}. */
  String inputTensor(String name) {
    return tensor(inputs, name);
  }

  /** The graph's tensor behind an output, as {@code operation:index}. */
  String outputTensor(String name) {
    return tensor(outputs, name);
  }

  private static String tensor(Map<String, TensorInfo> tensors, String name) {
    TensorInfo info = tensors.get(name);
    if (info == null) {
      throw new IllegalArgumentException(
          "tensor: " + name + " (expected: " + tensors.keySet() + ")");
    }
    return info.getName();
  }

  /** As it describes itself; a shape of unknown rank is [-1]. */
  ModelSignature asInspected(ModelSource source) throws BackendException {
    return new ModelSignature(
        tensors(source, "input", inputs, Map.of()), tensors(source, "output", outputs, Map.of()));
  }

  /** The same for a config to be compared with, which decides where a rank is unknown. */
  ModelSignature asConfigured(ModelSpec spec) throws BackendException {
    return new ModelSignature(
        tensors(spec.source(), "input", inputs, shapes(spec.inputs())),
        tensors(spec.source(), "output", outputs, shapes(spec.outputs())));
  }

  private static Map<String, long[]> shapes(List<TensorSpec> tensors) {
    Map<String, long[]> shapes = new TreeMap<>();
    tensors.forEach(tensor -> shapes.put(tensor.name(), tensor.shape()));
    return shapes;
  }

  private static List<TensorSpec> tensors(
      ModelSource source,
      String what,
      Map<String, TensorInfo> infos,
      Map<String, long[]> shapesOfUnknownRank)
      throws BackendException {
    List<TensorSpec> tensors = new ArrayList<>();
    for (Map.Entry<String, TensorInfo> entry : infos.entrySet()) {
      TensorInfo info = entry.getValue();
      DataType type = TfTypes.toServer(info.getDtype());
      if (type == null || info.getName().isEmpty()) {
        throw new BackendException(
            "unable to process %s '%s' for '%s', unsupported datatype '%s'"
                .formatted(what, entry.getKey(), source.modelName(), info.getDtype()));
      }
      long[] shape =
          info.getTensorShape().getUnknownRank()
              ? shapesOfUnknownRank.getOrDefault(entry.getKey(), new long[] {Shapes.VARIABLE})
              : dimensions(info.getTensorShape());
      tensors.add(new TensorSpec(entry.getKey(), type, shape));
    }
    return tensors;
  }

  private static long[] dimensions(TensorShapeProto shape) {
    return shape.getDimList().stream().mapToLong(TensorShapeProto.Dim::getSize).toArray();
  }
}
