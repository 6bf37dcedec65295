package dev.nereid.models.tensorflow;

import dev.nereid.models.quantize.Layers;
import dev.nereid.models.quantize.Network;
import dev.nereid.models.quantize.Placement;
import dev.nereid.models.quantize.Quantization;
import dev.nereid.models.quantize.Range;
import dev.nereid.models.quantize.UnsupportedNetworkException;
import dev.nereid.models.tensorflow.proto.AttrValue;
import dev.nereid.models.tensorflow.proto.DataType;
import dev.nereid.models.tensorflow.proto.NodeDef;
import dev.nereid.models.tensorflow.proto.SignatureDef;
import dev.nereid.models.tensorflow.proto.TensorInfo;
import dev.nereid.models.tensorflow.proto.TensorShapeProto;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** A SavedModel of constants in 8 bits, for TF-TRT: see {@link FakeQuantRewriter}. */
public final class FakeQuantization implements Quantization {

  private final SavedModelFile file;
  private final TensorFlowGraph graph;
  private final Layers layers;
  private final Placement placement;

  /**
   * @throws UnsupportedNetworkException with the operator that is in the way, or if there is
   *     nothing to quantise
   */
  public FakeQuantization(SavedModelFile file) throws UnsupportedNetworkException {
    this.file = file;
    this.graph = new TensorFlowGraph(file.graph().getNodeList());
    Set<String> outputs =
        file.signature().getOutputsMap().values().stream()
            .map(info -> TensorNames.canonical(info.getName()))
            .collect(Collectors.toSet());
    this.layers = graph.layers(outputs);
    this.placement = Placement.surrounding(layers);
    if (layers.weighted() == 0) {
      throw new UnsupportedNetworkException(
          "graph: no layer to quantise (expected: a Conv2D, DepthwiseConv2dNative or MatMul by constant weights)");
    }
  }

  @Override
  public int weightedLayers() {
    return layers.weighted();
  }

  @Override
  public Set<String> measured() {
    return placement.measured();
  }

  @Override
  public String observedOutput(String tensor) {
    return "tensor:" + tensor;
  }

  @Override
  public Network observed() {
    List<NodeDef> nodes = new ArrayList<>(file.graph().getNodeList());
    SignatureDef.Builder signature = file.signature().toBuilder();
    for (String tensor : measured()) {
      // By way of a node of its own, since TensorFlow does not give back what it is fed.
      String name = freeName(tensor);
      nodes.add(
          NodeDef.newBuilder()
              .setName(name)
              .setOp("Identity")
              .addInput(tensor)
              .putAttr("T", AttrValue.newBuilder().setType(DataType.DT_FLOAT).build())
              .build());
      signature.putOutputs(
          observedOutput(tensor),
          TensorInfo.newBuilder()
              .setName(name + ":0")
              .setDtype(DataType.DT_FLOAT)
              .setTensorShape(TensorShapeProto.newBuilder().setUnknownRank(true))
              .build());
    }
    return file.with(nodes, signature.build());
  }

  private String freeName(String tensor) {
    String name = tensor.replace(':', '_') + "/observed";
    while (graph.has(name)) {
      name += "_1";
    }
    return name;
  }

  @Override
  public Network quantized(Map<String, Range> ranges) {
    return file.with(
        new FakeQuantRewriter(graph, layers, placement, ranges).rewrite(), file.signature());
  }
}
