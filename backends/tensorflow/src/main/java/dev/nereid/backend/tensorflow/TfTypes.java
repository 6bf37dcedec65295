package dev.nereid.backend.tensorflow;

import dev.nereid.tensor.DataType;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Element types: the server's, and TensorFlow's by their names and numbers. */
final class TfTypes {

  private static final Map<org.tensorflow.proto.DataType, DataType> TO_SERVER =
      new EnumMap<>(org.tensorflow.proto.DataType.class);
  private static final Map<DataType, Integer> NUMBERS = new EnumMap<>(DataType.class);

  static {
    put(org.tensorflow.proto.DataType.DT_BOOL, DataType.BOOL);
    put(org.tensorflow.proto.DataType.DT_UINT8, DataType.UINT8);
    put(org.tensorflow.proto.DataType.DT_UINT16, DataType.UINT16);
    put(org.tensorflow.proto.DataType.DT_UINT32, DataType.UINT32);
    put(org.tensorflow.proto.DataType.DT_UINT64, DataType.UINT64);
    put(org.tensorflow.proto.DataType.DT_INT8, DataType.INT8);
    put(org.tensorflow.proto.DataType.DT_INT16, DataType.INT16);
    put(org.tensorflow.proto.DataType.DT_INT32, DataType.INT32);
    put(org.tensorflow.proto.DataType.DT_INT64, DataType.INT64);
    put(org.tensorflow.proto.DataType.DT_HALF, DataType.FP16);
    put(org.tensorflow.proto.DataType.DT_FLOAT, DataType.FP32);
    put(org.tensorflow.proto.DataType.DT_DOUBLE, DataType.FP64);
    put(org.tensorflow.proto.DataType.DT_STRING, DataType.BYTES);
    put(org.tensorflow.proto.DataType.DT_BFLOAT16, DataType.BF16);
  }

  private TfTypes() {}

  private static void put(org.tensorflow.proto.DataType engine, DataType server) {
    TO_SERVER.put(engine, server);
    NUMBERS.put(server, engine.getNumber());
  }

  /** Null for what no request can carry: complex and quantised numbers, resources, variants. */
  static @Nullable DataType toServer(org.tensorflow.proto.DataType type) {
    return TO_SERVER.get(type);
  }

  /** {@code TF_DataType}; every type has one. */
  static int number(DataType type) {
    Integer number = NUMBERS.get(type);
    if (number == null) {
      throw new IllegalArgumentException("type: " + type + " (expected: one of " + NUMBERS + ")");
    }
    return number;
  }
}
