package dev.nereid.models.onnx;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.nereid.models.onnx.proto.GraphProto;
import dev.nereid.models.onnx.proto.ModelProto;
import dev.nereid.models.onnx.proto.OperatorSetIdProto;
import dev.nereid.models.onnx.proto.TensorProto;
import dev.nereid.models.quantize.Network;
import dev.nereid.models.quantize.PixelScale;
import dev.nereid.models.quantize.UnsupportedNetworkException;
import dev.nereid.models.wire.Messages;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;

/** A whole ONNX file: its weights in it. */
public final class OnnxFile implements Network {

  private final ModelProto model;

  OnnxFile(ModelProto model) {
    this.model = model;
  }

  /**
   * Reads a file. Takes as much heap as it has bytes.
   *
   * @throws UnsupportedNetworkException if it is no ONNX file, or its weights lie in other files
   */
  public static OnnxFile read(Path file) throws IOException, UnsupportedNetworkException {
    if (!Files.isRegularFile(file)) {
      throw new UnsupportedNetworkException("model: " + file + " (expected: an ONNX file)");
    }
    try (InputStream input = Files.newInputStream(file)) {
      return checked(ModelProto.parseFrom(input), file.toString());
    } catch (InvalidProtocolBufferException e) {
      throw new UnsupportedNetworkException(
          "model: " + file + " (expected: an ONNX file): " + e.getMessage(), e);
    }
  }

  /**
   * Names of the files beside an ONNX file that hold weights of it.
   *
   * @throws UnsupportedNetworkException if it is no ONNX file
   */
  public static Set<String> externalFiles(Path file)
      throws IOException, UnsupportedNetworkException {
    try (InputStream input = Files.newInputStream(file)) {
      Set<String> names = new TreeSet<>();
      for (TensorProto tensor : ModelProto.parseFrom(input).getGraph().getInitializerList()) {
        if (tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL) {
          tensor.getExternalDataList().stream()
              .filter(entry -> entry.getKey().equals("location"))
              .forEach(entry -> names.add(entry.getValue()));
        }
      }
      return names;
    } catch (InvalidProtocolBufferException e) {
      throw new UnsupportedNetworkException(
          "model: " + file + " (expected: an ONNX file): " + e.getMessage(), e);
    }
  }

  /** The same of a file's contents. */
  public static OnnxFile parse(ByteString contents)
      throws InvalidProtocolBufferException, UnsupportedNetworkException {
    return checked(ModelProto.parseFrom(contents), "contents");
  }

  private static OnnxFile checked(ModelProto model, String name)
      throws UnsupportedNetworkException {
    if (!model.hasGraph()) {
      throw new UnsupportedNetworkException("model: " + name + " (expected: an ONNX file)");
    }
    for (TensorProto tensor : model.getGraph().getInitializerList()) {
      if (tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL) {
        throw new UnsupportedNetworkException(
            "initializer '%s': lies in a file of its own (expected: one file with all weights in it)"
                .formatted(tensor.getName()));
      }
    }
    return new OnnxFile(model);
  }

  GraphProto graph() {
    return model.getGraph();
  }

  /** Version of ONNX's own operators. */
  long operatorSet() {
    return model.getOpsetImportList().stream()
        .filter(set -> set.getDomain().isEmpty() || set.getDomain().equals("ai.onnx"))
        .mapToLong(OperatorSetIdProto::getVersion)
        .findFirst()
        .orElse(1);
  }

  OnnxFile with(GraphProto graph) {
    return new OnnxFile(model.toBuilder().setGraph(graph).build());
  }

  /** The tool that made it, as the file says. */
  public String producer() {
    return model.getProducerName();
  }

  @Override
  public String backend() {
    return "onnxruntime";
  }

  @Override
  public String modelFilename() {
    return "model.onnx";
  }

  @Override
  public String file() {
    return "model.onnx";
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
