package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.tensorflow.graph.OpDefs;
import dev.nereid.tensor.DataType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.tensorflow.internal.c_api.TF_Operation;
import org.tensorflow.internal.c_api.TF_OperationDescription;
import org.tensorflow.internal.c_api.TF_Output;
import org.tensorflow.internal.c_api.TF_Tensor;
import org.tensorflow.internal.c_api.global.tensorflow;

/**
 * TF-TRT's operators that write a segment's engines to a file and read them back, added to a
 * session's graph when they are needed. Engines belong to the device and to the session that built
 * them, so these run there. For one thread.
 */
final class EngineOperations {

  private static final String PREFIX = "nereid/engines/";
  private static final String PLACEHOLDER = "Placeholder";
  private static final byte TRUE = 1;

  private final TfSession session;
  private final String device;
  private int added;

  /**
   * @param device the session's GPU, as {@code /device:GPU:0}
   */
  EngineOperations(TfSession session, String device) {
    this.session = session;
    this.device = device;
  }

  /** Whether the library has them: it has if it was built with TF-TRT. */
  static boolean areKnown(OpDefs ops) {
    return ops.isKnown("SerializeTRTResource") && ops.isKnown("InitializeTRTResource");
  }

  /** Writes the engines that a segment has by now. */
  void write(String resource, Path file) throws BackendException {
    TF_Operation name = placeholder("name");
    TF_Operation path = placeholder("file");
    TF_Operation write =
        add(
            "SerializeTRTResource",
            "write",
            List.of(name, path),
            description -> {
              try (BytePointer attribute = TfSession.text("save_gpu_specific_engines")) {
                tensorflow.TF_SetAttrBool(description, attribute, TRUE);
              }
            });
    run(List.of(name, path), List.of(resource, file.toString()), write);
  }

  /**
   * Gives a segment that has no engine yet those of a file, which ends the process if the file is
   * damaged or of another GPU or TensorRT.
   */
  void read(String resource, Path file, int maxCachedEngines) throws BackendException {
    TF_Operation path = placeholder("file");
    TF_Operation handle =
        add(
            "CreateTRTResourceHandle",
            "handle",
            List.of(),
            description -> {
              byte[] bytes = resource.getBytes(StandardCharsets.UTF_8);
              try (BytePointer attribute = TfSession.text("resource_name");
                  BytePointer value = new BytePointer(bytes)) {
                tensorflow.TF_SetAttrString(description, attribute, value, bytes.length);
              }
            });
    TF_Operation read =
        add(
            "InitializeTRTResource",
            "read",
            List.of(handle, path),
            description -> {
              try (BytePointer attribute = TfSession.text("max_cached_engines_count")) {
                tensorflow.TF_SetAttrInt(description, attribute, maxCachedEngines);
              }
            });
    run(List.of(path), List.of(file.toString()), read);
  }

  private TF_Operation placeholder(String name) throws BackendException {
    return add(
        PLACEHOLDER,
        name,
        List.of(),
        description -> {
          try (BytePointer attribute = TfSession.text("dtype")) {
            tensorflow.TF_SetAttrType(description, attribute, TfTypes.number(DataType.BYTES));
          }
        });
  }

  /** Sets an operator's attributes. */
  private interface Attributes {
    void set(TF_OperationDescription description);
  }

  private TF_Operation add(
      String type, String name, List<TF_Operation> inputs, Attributes attributes)
      throws BackendException {
    try (TfStatus status = new TfStatus();
        BytePointer typeText = TfSession.text(type);
        BytePointer nameText = TfSession.text(PREFIX + added++ + "/" + name);
        BytePointer deviceText = TfSession.text(device);
        TF_Output output = new TF_Output(1)) {
      TF_OperationDescription description =
          tensorflow.TF_NewOperation(session.graph(), typeText, nameText);
      if (!type.equals(PLACEHOLDER)) {
        tensorflow.TF_SetDevice(description, deviceText);
      }
      for (TF_Operation input : inputs) {
        output.oper(input).index(0);
        tensorflow.TF_AddInput(description, output);
      }
      attributes.set(description);
      TF_Operation operation = tensorflow.TF_FinishOperation(description, status.handle());
      status.check(type + ": ");
      return operation;
    }
  }

  private void run(List<TF_Operation> fed, List<String> texts, TF_Operation target)
      throws BackendException {
    List<TF_Tensor> tensors = new ArrayList<>();
    List<SessionCall.Endpoint> endpoints =
        fed.stream().map(operation -> new SessionCall.Endpoint(operation, 0)).toList();
    try (SessionCall call = new SessionCall(session.handle(), endpoints, 0, target)) {
      for (String text : texts) {
        TF_Tensor tensor = Tensors.string(text);
        call.feed(tensors.size(), tensor);
        tensors.add(tensor);
      }
      call.run();
    } finally {
      tensors.forEach(tensorflow::TF_DeleteTensor);
    }
  }
}
