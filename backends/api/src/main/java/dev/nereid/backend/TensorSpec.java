package dev.nereid.backend;

import dev.nereid.tensor.DataType;
import dev.nereid.tensor.Shapes;
import java.util.Arrays;

/**
 * One input or output of a model, as the engine sees it.
 *
 * @param shape the full shape, batch dimension first where the model batches; -1 where it varies
 * @param optional an input that a request may leave out
 */
public record TensorSpec(String name, DataType type, long[] shape, boolean optional) {

  public TensorSpec {
    shape = shape.clone();
  }

  public TensorSpec(String name, DataType type, long... shape) {
    this(name, type, shape, false);
  }

  @Override
  public long[] shape() {
    return shape.clone();
  }

  boolean leadsWithVariable() {
    return shape.length > 0 && shape[0] == Shapes.VARIABLE;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TensorSpec that
        && name.equals(that.name)
        && type == that.type
        && Arrays.equals(shape, that.shape)
        && optional == that.optional;
  }

  @Override
  public int hashCode() {
    return 31 * name.hashCode() + Arrays.hashCode(shape);
  }

  @Override
  public String toString() {
    return name + " " + type + Shapes.text(shape);
  }
}
