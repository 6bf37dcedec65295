package dev.nereid.backend.onnxruntime;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.TensorSpec;
import dev.nereid.tensor.DataType;
import dev.nereid.tensor.Shapes;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Inputs and outputs of a session. */
final class OnnxSignature {

  private OnnxSignature() {}

  /** All of them; refuses what no request can carry, such as a sequence. */
  static ModelSignature whole(OrtSession session) throws OrtException, BackendException {
    return new ModelSignature(
        required("input", session.getInputInfo()), required("output", session.getOutputInfo()));
  }

  /** Those that a request can carry: a config may leave the other outputs out. */
  static ModelSignature servable(OrtSession session) throws OrtException, BackendException {
    List<TensorSpec> outputs = new ArrayList<>();
    for (NodeInfo node : session.getOutputInfo().values()) {
      TensorSpec tensor = tensor(node);
      if (tensor != null) {
        outputs.add(tensor);
      }
    }
    return new ModelSignature(required("input", session.getInputInfo()), outputs);
  }

  private static List<TensorSpec> required(String what, Map<String, NodeInfo> nodes)
      throws BackendException {
    Collection<NodeInfo> infos = nodes.values();
    List<TensorSpec> tensors = new ArrayList<>();
    for (NodeInfo node : infos) {
      TensorSpec tensor = tensor(node);
      if (tensor == null) {
        throw new BackendException(
            "%s '%s': %s (expected: a tensor of a type that a request can carry)"
                .formatted(what, node.getName(), node.getInfo()));
      }
      tensors.add(tensor);
    }
    return tensors;
  }

  private static @Nullable TensorSpec tensor(NodeInfo node) {
    if (!(node.getInfo() instanceof TensorInfo info)) {
      return null;
    }
    DataType type = OnnxTypes.toServer(info.onnxType);
    if (type == null) {
      return null;
    }
    long[] shape = info.getShape();
    for (int i = 0; i < shape.length; i++) {
      // A dimension with a name comes as some negative number.
      shape[i] = Math.max(shape[i], Shapes.VARIABLE);
    }
    return new TensorSpec(node.getName(), type, shape);
  }
}
