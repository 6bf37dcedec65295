package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import dev.nereid.tensor.DataType;
import dev.nereid.tensor.Shapes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.tensorflow.internal.c_api.Deallocator_Pointer_long_Pointer;
import org.tensorflow.internal.c_api.TF_TString;
import org.tensorflow.internal.c_api.TF_Tensor;
import org.tensorflow.internal.c_api.global.tensorflow;

/** Tensors that TensorFlow reads and writes: in its own memory, or in memory made for strings. */
final class Tensors {

  private static final long STRING_BYTES = Loader.sizeof(TF_TString.class);

  /** Bytes to whose multiples TensorFlow wants a tensor aligned; it ends the process otherwise. */
  private static final long ALIGNMENT = 64;

  private static final FreeStrings FREE_STRINGS = new FreeStrings();

  private Tensors() {}

  /**
   * A tensor of a fixed-size type whose contents are not defined, aligned as TensorFlow wants it.
   *
   * @return for {@code TF_DeleteTensor}
   */
  static TF_Tensor allocate(DataType type, long[] shape, long byteSize) throws BackendException {
    TF_Tensor tensor =
        tensorflow.TF_AllocateTensor(TfTypes.number(type), shape, shape.length, byteSize);
    if (tensor == null || tensor.isNull()) {
      throw noMemory(byteSize);
    }
    return tensor;
  }

  /**
   * A tensor of empty strings. What is set in it goes with the last reference to the tensor, which
   * may be TensorFlow's: a model that assigns an input to a variable keeps one.
   *
   * @return for {@code TF_DeleteTensor}
   */
  static TF_Tensor allocateStrings(long[] shape) throws BackendException {
    long byteSize = Shapes.elementCount(shape) * STRING_BYTES;
    Pointer memory = Pointer.malloc(byteSize + ALIGNMENT);
    if (memory == null || memory.isNull()) {
      throw noMemory(byteSize);
    }
    BytePointer aligned = new BytePointer(memory).getPointer(-memory.address() & (ALIGNMENT - 1));
    TF_TString strings = new TF_TString(aligned);
    for (long i = 0; i < byteSize / STRING_BYTES; i++) {
      tensorflow.TF_StringInit(strings.position(i));
    }
    return tensorflow.TF_NewTensor(
        tensorflow.TF_STRING, shape, shape.length, aligned, byteSize, FREE_STRINGS, memory);
  }

  /** A scalar string, for {@code TF_DeleteTensor}. */
  static TF_Tensor string(String text) throws BackendException {
    TF_Tensor tensor = allocateStrings(new long[0]);
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    try (BytePointer pointer = new BytePointer(bytes)) {
      tensorflow.TF_StringCopy(strings(tensor), pointer, bytes.length);
    }
    return tensor;
  }

  /** Called by TensorFlow, on any thread, when nobody refers to a tensor of strings any more. */
  private static final class FreeStrings extends Deallocator_Pointer_long_Pointer {

    @Override
    public void call(Pointer data, long byteSize, Pointer memory) {
      TF_TString strings = new TF_TString(data);
      for (long i = 0; i < byteSize / STRING_BYTES; i++) {
        tensorflow.TF_StringDealloc(strings.position(i));
      }
      Pointer.free(memory);
    }
  }

  static BackendException noMemory(long byteSize) {
    return new BackendException("TensorFlow has no memory for a tensor of " + byteSize + " bytes");
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
}
