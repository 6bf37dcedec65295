package dev.nereid.models.onnx;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.nereid.models.onnx.proto.TensorProto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** Constants of an ONNX graph. */
final class Tensors {

  private Tensors() {}

  static boolean isFloat(TensorProto tensor) {
    return tensor.getDataType() == TensorProto.DataType.FLOAT_VALUE;
  }

  static long[] shape(TensorProto tensor) {
    return tensor.getDimsList().stream().mapToLong(Long::longValue).toArray();
  }

  /** Elements of a float tensor, row-major. */
  static float[] floats(TensorProto tensor) {
    if (tensor.getRawData().isEmpty()) {
      List<Float> written = tensor.getFloatDataList();
      float[] values = new float[written.size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = written.get(i);
      }
      return values;
    }
    float[] values = new float[tensor.getRawData().size() / Float.BYTES];
    tensor
        .getRawData()
        .asReadOnlyByteBuffer()
        .order(ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer()
        .get(values);
    return values;
  }

  static TensorProto ofFloats(String name, long[] shape, float... values) {
    ByteBuffer bytes = allocate(values.length * Float.BYTES);
    bytes.asFloatBuffer().put(values);
    return of(name, TensorProto.DataType.FLOAT_VALUE, shape, wrap(bytes));
  }

  static TensorProto ofInts(String name, long[] shape, int... values) {
    ByteBuffer bytes = allocate(values.length * Integer.BYTES);
    bytes.asIntBuffer().put(values);
    return of(name, TensorProto.DataType.INT32_VALUE, shape, wrap(bytes));
  }

  /**
   * @param signed INT8, or UINT8
   */
  static TensorProto ofBytes(String name, boolean signed, long[] shape, byte... values) {
    int type = signed ? TensorProto.DataType.INT8_VALUE : TensorProto.DataType.UINT8_VALUE;
    return of(name, type, shape, ByteString.copyFrom(values));
  }

  private static TensorProto of(String name, int type, long[] shape, ByteString bytes) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setName(name).setDataType(type).setRawData(bytes);
    for (long dimension : shape) {
      tensor.addDims(dimension);
    }
    return tensor.build();
  }

  private static ByteBuffer allocate(int byteSize) {
    return ByteBuffer.allocate(byteSize).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static ByteString wrap(ByteBuffer bytes) {
    return UnsafeByteOperations.unsafeWrap(bytes);
  }
}
