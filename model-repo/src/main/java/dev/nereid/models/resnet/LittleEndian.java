package dev.nereid.models.resnet;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Numbers as both formats store them: row-major, little-endian. */
final class LittleEndian {

  private LittleEndian() {}

  static ByteString floats(float... values) {
    ByteBuffer bytes = allocate(values.length * Float.BYTES);
    bytes.asFloatBuffer().put(values);
    return wrap(bytes);
  }

  static ByteString ints(int... values) {
    ByteBuffer bytes = allocate(values.length * Integer.BYTES);
    bytes.asIntBuffer().put(values);
    return wrap(bytes);
  }

  /** A kernel of height, width, input, output as one of output, input, height, width. */
  static ByteString outputMajor(float[] kernel, KernelShape shape) {
    ByteBuffer bytes = allocate(kernel.length * Float.BYTES);
    int area = shape.size() * shape.size();
    for (int output = 0; output < shape.outputs(); output++) {
      for (int input = 0; input < shape.inputs(); input++) {
        for (int pixel = 0; pixel < area; pixel++) {
          bytes.putFloat(kernel[(pixel * shape.inputs() + input) * shape.outputs() + output]);
        }
      }
    }
    return wrap(bytes.clear());
  }

  private static ByteBuffer allocate(int byteSize) {
    return ByteBuffer.allocate(byteSize).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Without a copy: nothing else holds the buffer. */
  private static ByteString wrap(ByteBuffer bytes) {
    return UnsafeByteOperations.unsafeWrap(bytes);
  }
}
