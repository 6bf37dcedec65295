package dev.nereid.backend.tensorflow.graph;

import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;

/** What variables hold. */
public interface VariableValues {

  /**
   * @param variable the node of the main graph that stands for it: a {@code VarHandleOp}, {@code
   *     VariableV2} or {@code Variable}
   * @throws NotFreezable if it cannot be read; the message says why
   */
  TensorProto read(NodeDef variable) throws NotFreezable;
}
