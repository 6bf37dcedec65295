package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import dev.nereid.tensor.DataType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.Pointer;
import org.tensorflow.internal.c_api.TF_TString;
import org.tensorflow.internal.c_api.TF_Tensor;
import org.tensorflow.internal.c_api.global.tensorflow;

/** Tensors in TensorFlow's own memory. */
final class Tensors {

  private Tensors() {}

  /**
   * A tensor whose contents are not defined, aligned as TensorFlow wants it.
   *
   * @return for {@link #delete}
   */
  static TF_Tensor allocate(DataType type, long[] shape, long byteSize) throws BackendException {
    TF_Tensor tensor =
        tensorflow.TF_AllocateTensor(TfTypes.number(type), shape, shape.length, byteSize);
    if (tensor == null || tensor.isNull()) {
      throw new BackendException("TensorFlow has no memory for a tensor of " + byteSize + " bytes");
    }
    return tensor;
  }

  /** The memory of a tensor of a fixed-size type: direct, little-endian, from 0 to its end. */
  static ByteBuffer bytes(TF_Tensor tensor) throws BackendException {
    long byteSize = tensorflow.TF_TensorByteSize(tensor);
    if (byteSize > Integer.MAX_VALUE) {
      throw new BackendException(
          "tensor: " + byteSize + " bytes (expected: at most " + Integer.MAX_VALUE + ")");
    }
    if (byteSize == 0) {
      return ByteBuffer.allocate(0);
    }
    Pointer data = tensorflow.TF_TensorData(tensor);
    return data.capacity(byteSize).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  static long[] shape(TF_Tensor tensor) {
    long[] shape = new long[tensorflow.TF_NumDims(tensor)];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = tensorflow.TF_Dim(tensor, i);
    }
    return shape;
  }

  /** The elements of a tensor of strings; move it by its position. */
  static TF_TString strings(TF_Tensor tensor) {
    return new TF_TString(tensorflow.TF_TensorData(tensor));
  }

  /** Frees a tensor that was allocated here, with what its strings hold beside it. */
  static void delete(TF_Tensor tensor) {
    if (tensorflow.TF_TensorType(tensor) == tensorflow.TF_STRING) {
      long count = tensorflow.TF_TensorElementCount(tensor);
      TF_TString strings = strings(tensor);
      for (long i = 0; i < count; i++) {
        tensorflow.TF_StringDealloc(strings.position(i));
      }
    }
    tensorflow.TF_DeleteTensor(tensor);
  }
}
