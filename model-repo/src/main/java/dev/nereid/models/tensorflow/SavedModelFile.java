package dev.nereid.models.tensorflow;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.nereid.models.quantize.Network;
import dev.nereid.models.quantize.PixelScale;
import dev.nereid.models.quantize.UnsupportedNetworkException;
import dev.nereid.models.tensorflow.proto.GraphDef;
import dev.nereid.models.tensorflow.proto.MetaGraphDef;
import dev.nereid.models.tensorflow.proto.NodeDef;
import dev.nereid.models.tensorflow.proto.SavedModel;
import dev.nereid.models.tensorflow.proto.SignatureDef;
import dev.nereid.models.wire.Messages;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * {@code saved_model.pb}: the graph of the tag {@code serve} and its signature {@code
 * serving_default}, which servers pick. Everything else of the file stays in it.
 */
public final class SavedModelFile implements Network {

  private static final String TAG = "serve";
  private static final String SIGNATURE = "serving_default";

  private final SavedModel model;
  private final int index;
  private final SignatureDef signature;

  private SavedModelFile(SavedModel model) throws UnsupportedNetworkException {
    this.model = model;
    this.index = indexOfServed(model);
    SignatureDef found = model.getMetaGraphs(index).getSignatureDefMap().get(SIGNATURE);
    if (found == null) {
      throw new UnsupportedNetworkException(
          "signature: none named '" + SIGNATURE + "' (expected: one)");
    }
    this.signature = found;
  }

  private SavedModelFile(SavedModel model, int index, SignatureDef signature) {
    this.model = model;
    this.index = index;
    this.signature = signature;
  }

  /**
   * Reads a SavedModel. Takes as much heap as the file has bytes.
   *
   * @param folder with {@code saved_model.pb} in it
   * @throws UnsupportedNetworkException if it is no SavedModel, or none for serving
   */
  public static SavedModelFile read(Path folder) throws IOException, UnsupportedNetworkException {
    Path file = folder.resolve("saved_model.pb");
    if (!Files.isRegularFile(file)) {
      throw new UnsupportedNetworkException(
          "model: " + folder + " (expected: a SavedModel, with saved_model.pb in it)");
    }
    try (InputStream input = Files.newInputStream(file)) {
      return new SavedModelFile(SavedModel.parseFrom(input));
    } catch (InvalidProtocolBufferException e) {
      throw new UnsupportedNetworkException(
          "model: " + file + " (expected: a SavedModel): " + e.getMessage(), e);
    }
  }

  /** The same of a file's contents. */
  public static SavedModelFile parse(ByteString contents)
      throws InvalidProtocolBufferException, UnsupportedNetworkException {
    return new SavedModelFile(SavedModel.parseFrom(contents));
  }

  private static int indexOfServed(SavedModel model) throws UnsupportedNetworkException {
    int found = -1;
    for (int i = 0; i < model.getMetaGraphsCount(); i++) {
      List<String> tags = model.getMetaGraphs(i).getMetaInfoDef().getTagsList();
      if (tags.equals(List.of(TAG)) || (found < 0 && tags.contains(TAG))) {
        found = i;
      }
    }
    if (found < 0) {
      throw new UnsupportedNetworkException("tags: no graph with '" + TAG + "' (expected: one)");
    }
    return found;
  }

  /** Whether weights or layers are where a reader of the graph does not see them. */
  public boolean hidesWeights() {
    return graph().getNodeList().stream().anyMatch(TensorFlowGraph::hides);
  }

  GraphDef graph() {
    return model.getMetaGraphs(index).getGraphDef();
  }

  SignatureDef signature() {
    return signature;
  }

  /** The same file with another graph and signature. */
  SavedModelFile with(List<NodeDef> nodes, SignatureDef other) {
    MetaGraphDef metaGraph =
        model.getMetaGraphs(index).toBuilder()
            .setGraphDef(graph().toBuilder().clearNode().addAllNode(nodes))
            .putSignatureDef(SIGNATURE, other)
            .build();
    return new SavedModelFile(
        model.toBuilder().setMetaGraphs(index, metaGraph).build(), index, other);
  }

  @Override
  public String backend() {
    return "tensorflow";
  }

  @Override
  public String modelFilename() {
    return "model.savedmodel";
  }

  @Override
  public String file() {
    return "model.savedmodel/saved_model.pb";
  }

  @Override
  public Network withPixels(String input, boolean channelsFirst, PixelScale pixels)
      throws UnsupportedNetworkException {
    return PixelInput.of(this, input, channelsFirst, pixels);
  }

  @Override
  public void write(OutputStream output) throws IOException {
    Messages.write(model, output);
  }
}
