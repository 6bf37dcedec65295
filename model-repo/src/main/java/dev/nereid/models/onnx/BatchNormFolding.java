package dev.nereid.models.onnx;

import dev.nereid.models.onnx.proto.GraphProto;
import dev.nereid.models.onnx.proto.NodeProto;
import dev.nereid.models.onnx.proto.TensorProto;
import dev.nereid.models.quantize.UnsupportedNetworkException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Multiplies batch norms into the convolutions before them, which then have a bias: {@code w' = w
 * s}, {@code b' = (b - mean) s + beta} with {@code s = gamma / sqrt(variance + epsilon)}. The
 * network computes the same but for rounding; a scale an output channel then covers both.
 *
 * <p>A norm stays where it is if anything else reads the convolution, or its numbers are not
 * constants.
 */
final class BatchNormFolding {

  private static final float EPSILON = 1e-5f;

  private final OnnxGraph graph;
  private final Names names;
  private final List<NodeProto> nodes = new ArrayList<>();
  private final List<TensorProto> added = new ArrayList<>();
  private final Map<String, Integer> places = new HashMap<>();

  private BatchNormFolding(OnnxGraph graph) {
    this.graph = graph;
    this.names = Names.of(graph.proto());
  }

  static OnnxFile of(OnnxFile file) throws UnsupportedNetworkException {
    return file.with(new BatchNormFolding(new OnnxGraph(file.graph())).fold());
  }

  private GraphProto fold() {
    for (NodeProto node : graph.proto().getNodeList()) {
      Integer convolution =
          node.getOpType().equals("BatchNormalization") ? places.get(node.getInput(0)) : null;
      if (convolution == null || !fold(convolution, node)) {
        places.put(node.getOutput(0), nodes.size());
        nodes.add(node);
      }
    }
    Set<String> read = new HashSet<>(graph.outputs());
    nodes.forEach(node -> read.addAll(node.getInputList()));
    GraphProto.Builder folded =
        graph.proto().toBuilder().clearNode().addAllNode(nodes).clearInitializer();
    for (TensorProto tensor : graph.proto().getInitializerList()) {
      if (read.contains(tensor.getName())) {
        folded.addInitializer(tensor);
      }
    }
    // An old file lists its weights among its inputs too.
    for (int i = folded.getInputCount() - 1; i >= 0; i--) {
      String input = folded.getInput(i).getName();
      if (graph.constant(input).isPresent()) {
        folded.removeInput(i);
      }
    }
    return folded.addAllInitializer(added).build();
  }

  private boolean fold(int place, NodeProto norm) {
    NodeProto convolution = nodes.get(place);
    if (!convolution.getOpType().equals("Conv")
        || graph.readers(convolution.getOutput(0)) != 1
        || norm.getOutputCount() != 1
        || Attributes.integer(norm, "training_mode", 0) != 0) {
      return false;
    }
    Optional<TensorProto> kernel = floats(convolution.getInput(1));
    boolean biased = convolution.getInputCount() > 2 && !convolution.getInput(2).isEmpty();
    Optional<TensorProto> bias = biased ? floats(convolution.getInput(2)) : Optional.empty();
    List<float[]> parts = new ArrayList<>();
    for (int i = 1; i < 5; i++) {
      floats(norm.getInput(i)).map(Tensors::floats).ifPresent(parts::add);
    }
    if (kernel.isEmpty() || (biased && bias.isEmpty()) || parts.size() != 4) {
      return false;
    }
    float epsilon = Attributes.number(norm, "epsilon", EPSILON);
    float[] weights = Tensors.floats(kernel.get());
    float[] offsets =
        bias.map(Tensors::floats).orElseGet(() -> new float[parts.get(0).length]).clone();
    int area = weights.length / offsets.length;
    for (int channel = 0; channel < offsets.length; channel++) {
      double scale = parts.get(0)[channel] / Math.sqrt((double) parts.get(3)[channel] + epsilon);
      offsets[channel] =
          (float) ((offsets[channel] - parts.get(2)[channel]) * scale + parts.get(1)[channel]);
      for (int i = channel * area; i < (channel + 1) * area; i++) {
        weights[i] = (float) (weights[i] * scale);
      }
    }
    String name = norm.getOutput(0);
    TensorProto folded =
        Tensors.ofFloats(names.free(name + "/kernel"), Tensors.shape(kernel.get()), weights);
    TensorProto offset =
        Tensors.ofFloats(names.free(name + "/bias"), new long[] {offsets.length}, offsets);
    added.add(folded);
    added.add(offset);
    nodes.set(
        place,
        convolution.toBuilder()
            .clearInput()
            .addInput(convolution.getInput(0))
            .addInput(folded.getName())
            .addInput(offset.getName())
            .setOutput(0, name)
            .build());
    places.put(name, place);
    return true;
  }

  private Optional<TensorProto> floats(String value) {
    return graph.constant(value).filter(Tensors::isFloat);
  }
}
