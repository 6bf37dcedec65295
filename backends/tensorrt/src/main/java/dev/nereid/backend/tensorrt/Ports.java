package dev.nereid.backend.tensorrt;

import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import dev.nereid.tensor.DataType;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.jspecify.annotations.Nullable;

/**
 * An engine's inputs and outputs, with what their names are in C++.
 *
 * @param inputs in the engine's order
 * @param outputs all of the engine's, in its order, also those that no request can ask for
 */
record Ports(List<Port> inputs, List<Port> outputs) {

  /**
   * One of them.
   *
   * @param tensor as the engine has it
   * @param configured as requests have it; null for an output that the config leaves out
   * @param nativeName the name as a C string
   */
  record Port(TensorSpec tensor, @Nullable TensorSpec configured, BytePointer nativeName) {
    String name() {
      return tensor.name();
    }

    DataType type() {
      return tensor.type();
    }

    /** A config has no scalars: it writes one as a dimension of 1. */
    boolean isScalar() {
      return tensor.shape().length == 0;
    }

    int elementBytes() {
      return tensor.type().byteSize();
    }
  }

  /**
   * @param owned frees the names
   */
  static Ports of(ModelSpec spec, Engine engine, Owned owned) {
    return new Ports(
        ports(engine.inputs(), spec.inputs(), owned),
        ports(engine.outputs(), spec.outputs(), owned));
  }

  private static List<Port> ports(
      List<TensorSpec> tensors, List<TensorSpec> configured, Owned owned) {
    List<Port> ports = new ArrayList<>();
    for (TensorSpec tensor : tensors) {
      TensorSpec asConfigured =
          configured.stream()
              .filter(other -> other.name().equals(tensor.name()))
              .findFirst()
              .orElse(null);
      ports.add(new Port(tensor, asConfigured, owned.pointer(new BytePointer(tensor.name()))));
    }
    return ports;
  }
}
