package dev.nereid.backend.tensorflow;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.MessageLite;
import dev.nereid.backend.BackendException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;
import org.jspecify.annotations.Nullable;
import org.tensorflow.internal.c_api.TF_Buffer;
import org.tensorflow.internal.c_api.TF_Graph;
import org.tensorflow.internal.c_api.TF_ImportGraphDefOptions;
import org.tensorflow.internal.c_api.TF_Operation;
import org.tensorflow.internal.c_api.TF_Session;
import org.tensorflow.internal.c_api.TF_SessionOptions;
import org.tensorflow.internal.c_api.global.tensorflow;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.GraphDef;

/**
 * A graph in TensorFlow's memory, and a session on it. Any number of threads may run it.
 *
 * <p>A SavedModel is loaded by the C API's call itself rather than by DJL's method around it: that
 * one also hands back the model's whole description, and a frozen model's weights would lie on the
 * heap as long as the model is loaded.
 */
final class TfSession implements AutoCloseable {

  private final TF_Graph graph;
  private final TF_Session session;

  private TfSession(TF_Graph graph, TF_Session session) {
    this.graph = graph;
    this.session = session;
  }

  /**
   * A SavedModel, its variables restored and its initialisers run.
   *
   * @param what comes before TensorFlow's own words in an error
   */
  static TfSession ofSavedModel(String what, Path folder, Set<String> tags, ConfigProto config)
      throws BackendException {
    List<BytePointer> tagTexts = tags.stream().map(TfSession::text).toList();
    try (BytePointer folderBytes = text(folder.toString());
        PointerPointer<BytePointer> tagArray = new PointerPointer<>(tags.size())) {
      for (int i = 0; i < tagTexts.size(); i++) {
        tagArray.put(i, tagTexts.get(i));
      }
      return open(
          what,
          config,
          (graph, options, status) ->
              tensorflow.TF_LoadSessionFromSavedModel(
                  options,
                  null,
                  folderBytes,
                  tagArray,
                  tags.size(),
                  graph,
                  (TF_Buffer) null,
                  status.handle()));
    } finally {
      tagTexts.forEach(BytePointer::close);
    }
  }

  /** A graph by itself, whose weights are in it. */
  static TfSession ofGraph(String what, GraphDef definition, ConfigProto config)
      throws BackendException {
    return open(
        what,
        config,
        (graph, options, status) -> {
          importInto(graph, definition, status, what);
          return tensorflow.TF_NewSession(graph, options, status.handle());
        });
  }

  /** Makes a session; what it leaves in the status is checked afterwards. */
  private interface Opening {
    @Nullable TF_Session open(TF_Graph graph, TF_SessionOptions options, TfStatus status)
        throws BackendException;
  }

  private static TfSession open(String what, ConfigProto config, Opening opening)
      throws BackendException {
    TF_Graph graph = tensorflow.TF_NewGraph();
    TF_SessionOptions options = tensorflow.TF_NewSessionOptions();
    boolean opened = false;
    try (TfStatus status = new TfStatus();
        BytePointer bytes = new BytePointer(config.toByteArray())) {
      tensorflow.TF_SetConfig(options, bytes, config.getSerializedSize(), status.handle());
      status.check(what);
      TF_Session session = opening.open(graph, options, status);
      status.check(what);
      if (session == null || session.isNull()) {
        throw new BackendException(what + "TensorFlow gives no session and no reason");
      }
      opened = true;
      return new TfSession(graph, session);
    } finally {
      tensorflow.TF_DeleteSessionOptions(options);
      if (!opened) {
        tensorflow.TF_DeleteGraph(graph);
      }
    }
  }

  private static void importInto(TF_Graph graph, GraphDef definition, TfStatus status, String what)
      throws BackendException {
    TF_ImportGraphDefOptions options = tensorflow.TF_NewImportGraphDefOptions();
    TF_Buffer buffer = tensorflow.TF_NewBuffer();
    try (BytePointer bytes = serialized(definition)) {
      // The buffer only points there: it has no deallocator, so deleting it leaves the bytes alone.
      buffer.data(bytes).length(definition.getSerializedSize());
      tensorflow.TF_GraphImportGraphDef(graph, buffer, options, status.handle());
      status.check(what);
    } finally {
      tensorflow.TF_DeleteBuffer(buffer);
      tensorflow.TF_DeleteImportGraphDefOptions(options);
    }
  }

  /** Straight into native memory, so that the heap need not hold a graph's weights twice. */
  private static BytePointer serialized(MessageLite message) throws BackendException {
    int size = message.getSerializedSize();
    BytePointer bytes = new BytePointer((long) size);
    try {
      CodedOutputStream out = CodedOutputStream.newInstance(bytes.asByteBuffer());
      message.writeTo(out);
      out.flush();
      return bytes;
    } catch (IOException | RuntimeException e) {
      bytes.close();
      throw new BackendException("graph: " + size + " bytes cannot be written: " + e, e);
    }
  }

  TF_Session handle() {
    return session;
  }

  TF_Graph graph() {
    return graph;
  }

  /** Null where the graph has no operation of that name. */
  @Nullable TF_Operation operation(String name) {
    try (BytePointer bytes = text(name)) {
      TF_Operation found = tensorflow.TF_GraphOperationByName(graph, bytes);
      return found == null || found.isNull() ? null : found;
    }
  }

  /** As C takes it: UTF-8 with a zero behind it. */
  static BytePointer text(String text) {
    return new BytePointer((text + '\0').getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void close() {
    try (TfStatus status = new TfStatus()) {
      tensorflow.TF_CloseSession(session, status.handle());
      // Whatever it says of closing, the session's memory is to be freed.
      tensorflow.TF_DeleteSession(session, status.handle());
    }
    tensorflow.TF_DeleteGraph(graph);
  }
}
