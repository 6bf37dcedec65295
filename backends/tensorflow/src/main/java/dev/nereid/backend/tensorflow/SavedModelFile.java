package dev.nereid.backend.tensorflow;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.ExtensionRegistryLite;
import com.google.protobuf.WireFormat;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelSource;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.MetaGraphDef;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.SignatureDef;

/**
 * What {@code saved_model.pb} says of itself: tags and signatures. Its graph, which holds a frozen
 * model's weights, is skipped over on disk.
 */
final class SavedModelFile {

  static final String FILE = "saved_model.pb";
  private static final int MAP_KEY = 1;
  private static final int MAP_VALUE = 2;

  /** One graph of the file. */
  record MetaGraph(Set<String> tags, Map<String, SignatureDef> signatures) {}

  private SavedModelFile() {}

  /**
   * The model's folder, as TensorFlow takes it.
   *
   * @throws BackendException if there is no model in it
   */
  static Path folder(ModelSource source) throws BackendException {
    Path folder = source.modelPath();
    Path file = folder.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      throw new BackendException(
          "unable to find '" + file + "' for model instance '" + source.modelName() + "'");
    }
    return folder;
  }

  /** Reads the file's graphs, without their operators. */
  static List<MetaGraph> read(ModelSource source) throws BackendException {
    Path file = folder(source).resolve(FILE);
    try (InputStream in = new EndAwareStream(file)) {
      return graphs(CodedInputStream.newInstance(in));
    } catch (IOException e) {
      throw new BackendException(
          "unable to load model '%s', %s is not a SavedModel: %s"
              .formatted(source.modelName(), file, e.getMessage()),
          e);
    }
  }

  /**
   * Reads the whole graph, its weights too, onto the heap.
   *
   * @param tags all of them
   */
  static GraphDef readGraph(ModelSource source, Set<String> tags) throws BackendException {
    Path file = folder(source).resolve(FILE);
    try (InputStream stream = new EndAwareStream(file)) {
      CodedInputStream in = CodedInputStream.newInstance(stream);
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (WireFormat.getTagFieldNumber(tag) != SavedModel.META_GRAPHS_FIELD_NUMBER) {
          in.skipField(tag);
          continue;
        }
        int outer = in.pushLimit(in.readRawVarint32());
        MetaGraphDef graph = MetaGraphDef.parseFrom(in);
        in.popLimit(outer);
        if (tags.equals(Set.copyOf(graph.getMetaInfoDef().getTagsList()))) {
          return graph.getGraphDef();
        }
      }
    } catch (IOException e) {
      throw new BackendException(
          "unable to load model '%s', %s cannot be read: %s"
              .formatted(source.modelName(), file, e.getMessage()),
          e);
    }
    throw new BackendException(
        "unable to load model '%s', %s has no graph tagged %s"
            .formatted(source.modelName(), file, tags));
  }

  private static List<MetaGraph> graphs(CodedInputStream in) throws IOException {
    List<MetaGraph> graphs = new ArrayList<>();
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      if (WireFormat.getTagFieldNumber(tag) == SavedModel.META_GRAPHS_FIELD_NUMBER) {
        int outer = in.pushLimit(in.readRawVarint32());
        graphs.add(graph(in));
        in.popLimit(outer);
      } else {
        in.skipField(tag);
      }
    }
    return graphs;
  }

  private static MetaGraph graph(CodedInputStream in) throws IOException {
    Set<String> tags = new TreeSet<>();
    Map<String, SignatureDef> signatures = new TreeMap<>();
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case MetaGraphDef.META_INFO_DEF_FIELD_NUMBER ->
            tags.addAll(MetaGraphDef.MetaInfoDef.parseFrom(in.readBytes()).getTagsList());
        case MetaGraphDef.SIGNATURE_DEF_FIELD_NUMBER -> signature(in.readBytes(), signatures);
        default -> in.skipField(tag);
      }
    }
    return new MetaGraph(tags, signatures);
  }

  private static void signature(ByteString entry, Map<String, SignatureDef> signatures)
      throws IOException {
    CodedInputStream in = entry.newCodedInput();
    String key = "";
    SignatureDef.Builder value = SignatureDef.newBuilder();
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      switch (WireFormat.getTagFieldNumber(tag)) {
        case MAP_KEY -> key = in.readString();
        case MAP_VALUE -> in.readMessage(value, ExtensionRegistryLite.getEmptyRegistry());
        default -> in.skipField(tag);
      }
    }
    signatures.put(key, value.build());
  }

  /** A file's stream that cannot be skipped past its end, as a cut-off file would have it. */
  private static final class EndAwareStream extends FilterInputStream {
    private long remaining;

    EndAwareStream(Path file) throws IOException {
      super(Files.newInputStream(file));
      remaining = Files.size(file);
    }

    @Override
    public int read() throws IOException {
      int read = super.read();
      remaining -= read < 0 ? 0 : 1;
      return read;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      int read = super.read(bytes, offset, length);
      remaining -= Math.max(0, read);
      return read;
    }

    @Override
    public long skip(long count) throws IOException {
      long skipped = super.skip(Math.min(count, remaining));
      remaining -= skipped;
      return skipped;
    }
  }
}
