package dev.nereid.models.onnx;

import dev.nereid.models.onnx.proto.GraphProto;
import dev.nereid.models.onnx.proto.TensorProto;
import dev.nereid.models.onnx.proto.TypeProto;
import dev.nereid.models.onnx.proto.ValueInfoProto;
import dev.nereid.models.quantize.Layers;
import dev.nereid.models.quantize.Network;
import dev.nereid.models.quantize.Placement;
import dev.nereid.models.quantize.Quantization;
import dev.nereid.models.quantize.Range;
import dev.nereid.models.quantize.UnsupportedNetworkException;
import java.util.Map;
import java.util.Set;

/** An ONNX network in 8 bits by {@code QuantizeLinear} and {@code DequantizeLinear} nodes. */
public final class QdqQuantization implements Quantization {

  /** The first in which weights may have a scale a channel. */
  private static final int OLDEST_OPERATOR_SET = 13;

  private final OnnxFile file;
  private final OnnxGraph graph;
  private final QdqScheme scheme;
  private final Layers layers;
  private final Placement placement;

  /**
   * Folds batch norms first.
   *
   * @throws UnsupportedNetworkException with the operator that is in the way, or if there is
   *     nothing to quantise
   */
  public QdqQuantization(OnnxFile original, QdqScheme scheme) throws UnsupportedNetworkException {
    if (original.operatorSet() < OLDEST_OPERATOR_SET) {
      throw new UnsupportedNetworkException(
          "opset: %d (expected: >= %d, which has a scale for each channel; export the model again)"
              .formatted(original.operatorSet(), OLDEST_OPERATOR_SET));
    }
    this.scheme = scheme;
    this.file = BatchNormFolding.of(original);
    this.graph = new OnnxGraph(file.graph());
    this.layers = graph.layers();
    this.placement = scheme.placement(layers);
    if (layers.weighted() == 0) {
      throw new UnsupportedNetworkException(
          "graph: no layer to quantise (expected: a Conv, Gemm or MatMul by constant weights)");
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
    return tensor;
  }

  @Override
  public Network observed() {
    GraphProto.Builder observed = file.graph().toBuilder();
    for (String tensor : measured()) {
      if (!graph.outputs().contains(tensor)) {
        observed.addOutput(
            ValueInfoProto.newBuilder()
                .setName(tensor)
                .setType(
                    TypeProto.newBuilder()
                        .setTensorType(
                            TypeProto.Tensor.newBuilder()
                                .setElemType(TensorProto.DataType.FLOAT_VALUE))));
      }
    }
    return file.with(observed.build());
  }

  @Override
  public Network quantized(Map<String, Range> ranges) {
    return file.with(new QdqRewriter(graph, layers, placement, scheme, ranges).rewrite());
  }
}
