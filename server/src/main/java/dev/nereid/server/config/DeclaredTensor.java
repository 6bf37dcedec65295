package dev.nereid.server.config;

import dev.nereid.backend.TensorSpec;
import dev.nereid.protocol.DataType;
import dev.nereid.protocol.ModelConfigOrBuilder;
import dev.nereid.protocol.ModelInput;
import dev.nereid.protocol.ModelOutput;
import dev.nereid.tensor.Shapes;
import java.util.List;
import java.util.Optional;

/**
 * An input or an output as a config declares it: what the two kinds have in common.
 *
 * @param dims as clients see them, without the batch dimension
 * @param reshape as the engine sees them, where that differs
 */
record DeclaredTensor(
    String name, DataType type, List<Long> dims, Optional<List<Long>> reshape, boolean optional) {

  static List<DeclaredTensor> inputs(ModelConfigOrBuilder config) {
    return config.getInputList().stream().map(DeclaredTensor::of).toList();
  }

  static List<DeclaredTensor> outputs(ModelConfigOrBuilder config) {
    return config.getOutputList().stream().map(DeclaredTensor::of).toList();
  }

  static DeclaredTensor of(ModelInput input) {
    return new DeclaredTensor(
        input.getName(),
        input.getDataType(),
        input.getDimsList(),
        input.hasReshape() ? Optional.of(input.getReshape().getShapeList()) : Optional.empty(),
        input.getOptional());
  }

  static DeclaredTensor of(ModelOutput output) {
    return new DeclaredTensor(
        output.getName(),
        output.getDataType(),
        output.getDimsList(),
        output.hasReshape() ? Optional.of(output.getReshape().getShapeList()) : Optional.empty(),
        false);
  }

  /** The full shape that clients see, with -1 for the batch dimension where there is one. */
  long[] clientShape(boolean batching) {
    return full(dims, batching);
  }

  /** The full shape that the engine sees. */
  long[] engineShape(boolean batching) {
    return full(reshape.orElse(dims), batching);
  }

  private static long[] full(List<Long> dims, boolean batching) {
    long[] shape = dims.stream().mapToLong(Long::longValue).toArray();
    return batching ? Shapes.prepend(Shapes.VARIABLE, shape) : shape;
  }

  /** For the backend; the type is set and known. */
  TensorSpec spec(long[] engineShape) {
    return new TensorSpec(name, wireType(type), engineShape, optional);
  }

  /** KServe's type for the config's. */
  static dev.nereid.tensor.DataType wireType(DataType type) {
    return switch (type) {
      case TYPE_BOOL -> dev.nereid.tensor.DataType.BOOL;
      case TYPE_UINT8 -> dev.nereid.tensor.DataType.UINT8;
      case TYPE_UINT16 -> dev.nereid.tensor.DataType.UINT16;
      case TYPE_UINT32 -> dev.nereid.tensor.DataType.UINT32;
      case TYPE_UINT64 -> dev.nereid.tensor.DataType.UINT64;
      case TYPE_INT8 -> dev.nereid.tensor.DataType.INT8;
      case TYPE_INT16 -> dev.nereid.tensor.DataType.INT16;
      case TYPE_INT32 -> dev.nereid.tensor.DataType.INT32;
      case TYPE_INT64 -> dev.nereid.tensor.DataType.INT64;
      case TYPE_FP16 -> dev.nereid.tensor.DataType.FP16;
      case TYPE_FP32 -> dev.nereid.tensor.DataType.FP32;
      case TYPE_FP64 -> dev.nereid.tensor.DataType.FP64;
      case TYPE_STRING -> dev.nereid.tensor.DataType.BYTES;
      case TYPE_BF16 -> dev.nereid.tensor.DataType.BF16;
      case TYPE_INVALID, UNRECOGNIZED ->
          throw new IllegalArgumentException("data_type: " + type + " (expected: a known type)");
    };
  }

  /** The config's type for KServe's. */
  static DataType configType(dev.nereid.tensor.DataType type) {
    return type == dev.nereid.tensor.DataType.BYTES
        ? DataType.TYPE_STRING
        : DataType.valueOf("TYPE_" + type);
  }
}
