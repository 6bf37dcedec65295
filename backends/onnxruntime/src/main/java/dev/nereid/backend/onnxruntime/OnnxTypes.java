package dev.nereid.backend.onnxruntime;

import ai.onnxruntime.TensorInfo.OnnxTensorType;
import dev.nereid.tensor.DataType;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Element types: the server's and the engine's. */
final class OnnxTypes {

  private static final Map<OnnxTensorType, DataType> TO_SERVER =
      new EnumMap<>(OnnxTensorType.class);
  private static final Map<DataType, OnnxTensorType> TO_ENGINE = new EnumMap<>(DataType.class);

  static {
    put(OnnxTensorType.ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL, DataType.BOOL);
    put(OnnxTensorType.ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8, DataType.UINT8);
    put(OnnxTensorType.ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16, DataType.UINT16);
    put(OnnxTensorType.ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32, DataType.UINT32);
    put(OnnxTensorType.ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64, DataType.UINT64);
    put(OnnxTensorType.ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8, DataType.INT8);
    put(OnnxTensorType.ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16, DataType.INT16);
    put(OnnxTensorType.ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32, DataType.INT32);
    put(OnnxTensorType.ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64, DataType.INT64);
    put(OnnxTensorType.ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16, DataType.FP16);
    put(OnnxTensorType.ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, DataType.FP32);
    put(OnnxTensorType.ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE, DataType.FP64);
    put(OnnxTensorType.ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING, DataType.BYTES);
    put(OnnxTensorType.ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16, DataType.BF16);
  }

  private OnnxTypes() {}

  private static void put(OnnxTensorType engine, DataType server) {
    TO_SERVER.put(engine, server);
    TO_ENGINE.put(server, engine);
  }

  /** Null for what no request can carry: complex numbers, 8-bit floats. */
  static @Nullable DataType toServer(OnnxTensorType type) {
    return TO_SERVER.get(type);
  }

  /** Every type has one. */
  static OnnxTensorType toEngine(DataType type) {
    OnnxTensorType engine = TO_ENGINE.get(type);
    if (engine == null) {
      throw new IllegalArgumentException("type: " + type + " (expected: one of " + TO_ENGINE + ")");
    }
    return engine;
  }
}
