package dev.nereid.backend.onnxruntime;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.TensorInfo.OnnxTensorType;
import dev.nereid.tensor.DataType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Tensors of fixed-size types, over memory that is not copied. Thread-safe. */
final class Tensors {

  private final OrtEnvironment environment;
  private final OrtInternals internals;

  Tensors(OrtEnvironment environment, OrtInternals internals) {
    this.environment = environment;
    this.internals = internals;
  }

  /**
   * A tensor that reads and writes {@code data} itself, for an input or an output.
   *
   * @param data direct, little-endian; must outlive the tensor
   * @return to be closed by the caller
   */
  OnnxTensor wrap(DataType type, long[] shape, ByteBuffer data) throws OrtException {
    OnnxTensorType engineType = OnnxTypes.toEngine(type);
    return switch (type) {
      case UINT16, UINT32, UINT64 -> internals.wrap(data, shape, engineType);
      default ->
          OnnxTensor.createTensor(
              environment, data, shape, OnnxJavaType.mapFromOnnxTensorType(engineType));
    };
  }

  /** What the engine wrote, where it lies; valid until the tensor is closed. */
  ByteBuffer view(OnnxTensor tensor) {
    return internals.view(tensor).order(ByteOrder.LITTLE_ENDIAN);
  }
}
