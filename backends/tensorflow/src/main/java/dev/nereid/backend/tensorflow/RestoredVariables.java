package dev.nereid.backend.tensorflow;

import com.google.protobuf.ByteString;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.tensorflow.graph.NotFreezable;
import dev.nereid.backend.tensorflow.graph.VariableValues;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.javacpp.BytePointer;
import org.jspecify.annotations.Nullable;
import org.tensorflow.internal.c_api.TF_Operation;
import org.tensorflow.internal.c_api.TF_OperationDescription;
import org.tensorflow.internal.c_api.TF_Output;
import org.tensorflow.internal.c_api.TF_Tensor;
import org.tensorflow.internal.c_api.global.tensorflow;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.TensorProto;
import org.tensorflow.proto.TensorShapeProto;

/**
 * The variables of a SavedModel as its checkpoint has them, read by running the model's restored
 * session, which is opened when the first one is asked for. For one thread.
 */
final class RestoredVariables implements VariableValues, AutoCloseable {

  private static final String READ = "nereid/read/";

  private final Opening opening;
  private final Map<String, TensorProto> known = new TreeMap<>();
  private @Nullable TfSession session;

  /** Opens the model on the CPU. */
  interface Opening {
    TfSession open() throws BackendException;
  }

  RestoredVariables(Opening opening) {
    this.opening = opening;
  }

  @Override
  public TensorProto read(NodeDef variable) throws NotFreezable {
    TensorProto value = known.get(variable.getName());
    if (value == null) {
      try {
        value = value(variable);
      } catch (BackendException e) {
        throw new NotFreezable(
            "variable '" + variable.getName() + "' cannot be read: " + e.getMessage());
      }
      known.put(variable.getName(), value);
    }
    return value;
  }

  private TensorProto value(NodeDef variable) throws BackendException {
    TfSession open = session;
    if (open == null) {
      open = opening.open();
      session = open;
    }
    TF_Operation operation = open.operation(variable.getName());
    if (operation == null) {
      throw new BackendException("it is not in the main graph");
    }
    TF_Operation read =
        variable.getOp().equals("VarHandleOp") ? addRead(open, variable, operation) : operation;
    try (SessionCall call = new SessionCall(open.handle(), List.of(), 1, null)) {
      call.fetch(new SessionCall.Endpoint(read, 0));
      call.run();
      try {
        return proto(call.result(0));
      } finally {
        call.deleteResults();
      }
    }
  }

  private static TF_Operation addRead(TfSession session, NodeDef variable, TF_Operation handle)
      throws BackendException {
    try (TfStatus status = new TfStatus();
        BytePointer type = TfSession.text("ReadVariableOp");
        BytePointer name = TfSession.text(READ + variable.getName());
        BytePointer attribute = TfSession.text("dtype");
        TF_Output output = new TF_Output(1)) {
      TF_OperationDescription description = tensorflow.TF_NewOperation(session.graph(), type, name);
      output.oper(handle).index(0);
      tensorflow.TF_AddInput(description, output);
      tensorflow.TF_SetAttrType(
          description, attribute, variable.getAttrOrThrow("dtype").getType().getNumber());
      TF_Operation operation = tensorflow.TF_FinishOperation(description, status.handle());
      status.check("");
      return operation;
    }
  }

  private static TensorProto proto(TF_Tensor tensor) throws BackendException {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (long dimension : Tensors.shape(tensor)) {
      shape.addDim(TensorShapeProto.Dim.newBuilder().setSize(dimension));
    }
    DataType type = DataType.forNumber(tensorflow.TF_TensorType(tensor));
    if (type == null || type == DataType.DT_STRING) {
      throw new BackendException("its type is " + type + ", which no constant is made of");
    }
    return TensorProto.newBuilder()
        .setDtype(type)
        .setTensorShape(shape)
        .setTensorContent(ByteString.copyFrom(Tensors.bytes(tensor)))
        .build();
  }

  @Override
  public void close() {
    if (session != null) {
      session.close();
    }
  }
}
