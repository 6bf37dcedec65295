package dev.nereid.backend.tensorrt;

import dev.nereid.tensor.DataType;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Element types: the server's, TensorRT's and ONNX's, by the numbers that both files hold. */
enum TensorTypes {
  FP32(DataType.FP32, 0, 1),
  FP16(DataType.FP16, 1, 10),
  INT8(DataType.INT8, 2, 3),
  INT32(DataType.INT32, 3, 6),
  BOOL(DataType.BOOL, 4, 9),
  UINT8(DataType.UINT8, 5, 2),
  BF16(DataType.BF16, 7, 16),
  INT64(DataType.INT64, 8, 7);

  private final DataType server;
  private final int tensorRt;
  private final int onnx;

  TensorTypes(DataType server, int tensorRt, int onnx) {
    this.server = server;
    this.tensorRt = tensorRt;
    this.onnx = onnx;
  }

  /**
   * Null for what no request can carry, such as 8-bit floats.
   *
   * @param number of {@code nvinfer1::DataType}
   */
  static @Nullable DataType ofTensorRt(int number) {
    for (TensorTypes type : values()) {
      if (type.tensorRt == number) {
        return type.server;
      }
    }
    return null;
  }

  /**
   * Null for what TensorRT takes no tensors of, such as doubles.
   *
   * @param number of {@code TensorProto.DataType}
   */
  static @Nullable DataType ofOnnx(int number) {
    for (TensorTypes type : values()) {
      if (type.onnx == number) {
        return type.server;
      }
    }
    return null;
  }

  /** {@code TensorProto.DataType}'s number of a type that TensorRT takes. */
  static int onnx(DataType type) {
    for (TensorTypes known : values()) {
      if (known.server == type) {
        return known.onnx;
      }
    }
    throw new IllegalArgumentException("type: " + type + " (expected: one of " + names() + ")");
  }

  static String names() {
    return Arrays.stream(values()).map(Enum::name).collect(Collectors.joining(", "));
  }
}
