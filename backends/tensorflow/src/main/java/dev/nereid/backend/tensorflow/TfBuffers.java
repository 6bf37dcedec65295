package dev.nereid.backend.tensorflow;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.BytePointer;
import org.tensorflow.internal.c_api.TF_Buffer;

/** Reads what TensorFlow's C API hands out as bytes. */
final class TfBuffers {

  private TfBuffers() {}

  /** The buffer's own memory, until it is deleted. */
  static ByteBuffer view(TF_Buffer buffer) {
    long length = buffer.length();
    if (length == 0) {
      return ByteBuffer.allocate(0);
    }
    return new BytePointer(buffer.data()).capacity(length).asByteBuffer();
  }
}
