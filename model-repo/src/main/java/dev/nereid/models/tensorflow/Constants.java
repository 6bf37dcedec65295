package dev.nereid.models.tensorflow;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.nereid.models.tensorflow.proto.AttrValue;
import dev.nereid.models.tensorflow.proto.DataType;
import dev.nereid.models.tensorflow.proto.NodeDef;
import dev.nereid.models.tensorflow.proto.TensorProto;
import dev.nereid.models.tensorflow.proto.TensorShapeProto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Float constants of a graph. */
final class Constants {

  private Constants() {}

  static boolean isFloat(NodeDef node) {
    return tensor(node).getDtype() == DataType.DT_FLOAT;
  }

  static long[] shape(NodeDef node) {
    return tensor(node).getTensorShape().getDimList().stream()
        .mapToLong(TensorShapeProto.Dim::getSize)
        .toArray();
  }

  /** Its elements, row-major; one that is written out once and meant for all is repeated. */
  static float[] floats(NodeDef node) {
    TensorProto tensor = tensor(node);
    long elements = 1;
    for (long dimension : shape(node)) {
      elements *= dimension;
    }
    float[] values = new float[Math.toIntExact(elements)];
    if (!tensor.getTensorContent().isEmpty()) {
      tensor
          .getTensorContent()
          .asReadOnlyByteBuffer()
          .order(ByteOrder.LITTLE_ENDIAN)
          .asFloatBuffer()
          .get(values);
      return values;
    }
    int written = Math.min(tensor.getFloatValCount(), values.length);
    for (int i = 0; i < written; i++) {
      values[i] = tensor.getFloatVal(i);
    }
    if (written > 0) {
      Arrays.fill(values, written, values.length, values[written - 1]);
    }
    return values;
  }

  /** The same constant with other elements. */
  static NodeDef withFloats(NodeDef node, float[] values) {
    TensorProto tensor =
        tensor(node).toBuilder().clearFloatVal().setTensorContent(bytes(values)).build();
    return node.toBuilder()
        .putAttr("value", AttrValue.newBuilder().setTensor(tensor).build())
        .build();
  }

  static NodeDef of(String name, long[] shape, float... values) {
    TensorShapeProto.Builder dimensions = TensorShapeProto.newBuilder();
    for (long dimension : shape) {
      dimensions.addDimBuilder().setSize(dimension);
    }
    TensorProto tensor =
        TensorProto.newBuilder()
            .setDtype(DataType.DT_FLOAT)
            .setTensorShape(dimensions)
            .setTensorContent(bytes(values))
            .build();
    return NodeDef.newBuilder()
        .setName(name)
        .setOp("Const")
        .putAttr("dtype", AttrValue.newBuilder().setType(DataType.DT_FLOAT).build())
        .putAttr("value", AttrValue.newBuilder().setTensor(tensor).build())
        .build();
  }

  private static ByteString bytes(float[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return UnsafeByteOperations.unsafeWrap(bytes);
  }

  private static TensorProto tensor(NodeDef node) {
    return node.getAttrOrDefault("value", AttrValue.getDefaultInstance()).getTensor();
  }
}
