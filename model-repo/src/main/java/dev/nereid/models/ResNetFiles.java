package dev.nereid.models;

import com.google.protobuf.ByteString;
import dev.nereid.backend.BackendException;
import dev.nereid.models.onnx.OnnxFile;
import dev.nereid.models.onnx.QdqQuantization;
import dev.nereid.models.onnx.QdqScheme;
import dev.nereid.models.quantize.Engines;
import dev.nereid.models.quantize.Network;
import dev.nereid.models.quantize.Pictures;
import dev.nereid.models.quantize.PixelScale;
import dev.nereid.models.quantize.Quantization;
import dev.nereid.models.quantize.QuantizationReport;
import dev.nereid.models.quantize.Quantizer;
import dev.nereid.models.quantize.RangeMethod;
import dev.nereid.models.quantize.UnsupportedNetworkException;
import dev.nereid.models.resnet.ResNet50;
import dev.nereid.models.tensorflow.FakeQuantization;
import dev.nereid.models.tensorflow.SavedModelFile;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * ResNet-50 of one seed, in 8 bits where it is asked for: calibrated on made-up pictures, each kind
 * once.
 */
final class ResNetFiles {

  private static final int PICTURES = 16;

  private final long seed;
  private final Engines engines;
  private final Consumer<String> progress;
  private final Map<QdqScheme, Network> onnx = new EnumMap<>(QdqScheme.class);
  private @Nullable Network savedModel;

  ResNetFiles(long seed, Engines engines, Consumer<String> progress) {
    this.seed = seed;
    this.engines = engines;
    this.progress = progress;
  }

  long seed() {
    return seed;
  }

  Network savedModelInt8() throws IOException, BackendException {
    if (savedModel == null) {
      ByteString.Output contents = ByteString.newOutput();
      ResNet50.writeSavedModel(contents, seed);
      try {
        SavedModelFile file = SavedModelFile.parse(contents.toByteString());
        savedModel = quantized(file, new FakeQuantization(file));
      } catch (UnsupportedNetworkException e) {
        throw unexpected(e);
      }
    }
    return savedModel;
  }

  Network onnxInt8() throws IOException, BackendException {
    return onnx(QdqScheme.ONNX_RUNTIME);
  }

  Network tensorRtInt8() throws IOException, BackendException {
    return onnx(QdqScheme.TENSORRT);
  }

  private Network onnx(QdqScheme scheme) throws IOException, BackendException {
    Network made = onnx.get(scheme);
    if (made == null) {
      ByteString.Output contents = ByteString.newOutput();
      ResNet50.writeOnnx(contents, seed);
      try {
        OnnxFile file = OnnxFile.parse(contents.toByteString());
        made = quantized(file, new QdqQuantization(file, scheme));
      } catch (UnsupportedNetworkException e) {
        throw unexpected(e);
      }
      onnx.put(scheme, made);
    }
    return made;
  }

  private Network quantized(Network original, Quantization quantization)
      throws IOException, BackendException, UnsupportedNetworkException {
    Quantizer.Result result =
        new Quantizer(engines, PixelScale.NONE, RangeMethod.MINMAX, this::say)
            .quantize(original, quantization, Pictures.corpus(PICTURES));
    String report = result.report().withNote(QuantizationReport.RANDOM_WEIGHTS).text();
    report.lines().forEach(this::say);
    return result.network();
  }

  private void say(String line) {
    progress.accept("  " + line);
  }

  /** The same network for 8-bit pixels, as they are: a quarter of the bytes of a request. */
  static Network ofPixels(Network network) {
    try {
      return network.withPixels(ResNet50.INPUT, false, PixelScale.NONE);
    } catch (UnsupportedNetworkException e) {
      throw unexpected(e);
    }
  }

  private static IllegalStateException unexpected(UnsupportedNetworkException e) {
    return new IllegalStateException("ResNet-50 is written so that it can be quantised", e);
  }
}
