package dev.nereid.models;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSource;
import dev.nereid.models.onnx.OnnxFile;
import dev.nereid.models.onnx.QdqQuantization;
import dev.nereid.models.onnx.QdqScheme;
import dev.nereid.models.quantize.Engines;
import dev.nereid.models.quantize.Network;
import dev.nereid.models.quantize.Quantizer;
import dev.nereid.models.quantize.UnsupportedNetworkException;
import dev.nereid.models.tensorflow.FakeQuantization;
import dev.nereid.models.tensorflow.SavedModelFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Makes a repository's models around a user's own: each engine and precision, with a configuration
 * that follows from the model's signature.
 *
 * <ul>
 *   <li>The user's files are copied once, and shared between the models by hard links.
 *   <li>Models of 8 bits are made where there are pictures to calibrate on; where the model cannot
 *       be quantised the others are made all the same.
 *   <li>A folder that was not made here is never written to, unless forced.
 * </ul>
 */
final class ModelImporter {

  private static final String LABELS = "labels.txt";
  private static final String VERSION = "1";

  private final ImportRequest request;
  private final Engines engines;
  private final Quantizer quantizer;
  private final Consumer<String> progress;
  private final Map<ImportedVariant.File, Path> first = new EnumMap<>(ImportedVariant.File.class);

  /**
   * @param progress gets a line for every step; called on the thread that imports
   */
  ModelImporter(
      ImportRequest request, Engines engines, Quantizer quantizer, Consumer<String> progress) {
    this.request = request;
    this.engines = engines;
    this.quantizer = quantizer;
    this.progress = progress;
  }

  /**
   * What came of it.
   *
   * @param models those that were made
   * @param obstacle why models of 8 bits were asked for and could not be made
   */
  record Outcome(List<String> models, Optional<String> obstacle) {}

  /**
   * Makes them.
   *
   * @throws UnsupportedNetworkException if the model does not batch
   */
  Outcome run() throws IOException, BackendException, UnsupportedNetworkException {
    List<ImportedVariant> variants =
        request.model().isSavedModel() ? ImportedVariant.OF_SAVED_MODEL : ImportedVariant.OF_ONNX;
    ModelSignature signature = signature();
    ModelFolders folders = ModelFolders.open(request.into());
    if (!request.force()) {
      for (ImportedVariant variant : variants) {
        folders.refuseForeign(request.name() + variant.suffix());
      }
    }
    Optional<Quantizer.Result> quantized = Optional.empty();
    Optional<String> obstacle = Optional.empty();
    if (request.pictures().isPresent()) {
      try {
        quantized = Optional.of(quantize());
      } catch (UnsupportedNetworkException e) {
        obstacle = Optional.of(String.valueOf(e.getMessage()));
      }
    }
    String reason = obstacle.orElse("nothing to calibrate on (--images DIR or --corpus N)");
    List<String> models = new ArrayList<>();
    for (ImportedVariant variant : variants) {
      String name = request.name() + variant.suffix();
      if (variant.file() == ImportedVariant.File.ORIGINAL || quantized.isPresent()) {
        folders.stamps().put(name, ModelStamp.UNFINISHED);
        write(variant, folders.folder(name), signature, quantized);
        folders.stamps().put(name, ModelStamp.IMPORTED);
        models.add(name);
        progress.accept(name + ": made");
      } else {
        progress.accept(name + ": skipped, " + reason);
      }
    }
    return new Outcome(models, obstacle);
  }

  private ModelSignature signature() throws BackendException, UnsupportedNetworkException {
    Path path = request.model().path().toAbsolutePath();
    ModelSource source =
        new ModelSource(
            request.name(), 1, path.resolveSibling(""), path.getFileName().toString(), Map.of());
    ModelSignature signature = engines.backend(backend()).inspect(source);
    if (!signature.isBatching()) {
      throw new UnsupportedNetworkException(
          "signature: inputs %s, outputs %s (expected: a batch dimension, -1, first in each)"
              .formatted(signature.inputs(), signature.outputs()));
    }
    return signature;
  }

  private String backend() {
    return request.model().isSavedModel() ? "tensorflow" : "onnxruntime";
  }

  private Quantizer.Result quantize()
      throws IOException, BackendException, UnsupportedNetworkException {
    Quantizer.Result result;
    if (request.model().isSavedModel()) {
      SavedModelFile file = FrozenModel.read(request.model(), engines, progress);
      result =
          quantizer.quantize(file, new FakeQuantization(file), request.pictures().orElseThrow());
    } else {
      OnnxFile file = request.model().readOnnx();
      result =
          quantizer.quantize(
              file,
              new QdqQuantization(file, QdqScheme.TENSORRT),
              request.pictures().orElseThrow());
    }
    result.report().text().lines().forEach(progress);
    return result;
  }

  private void write(
      ImportedVariant variant,
      Path folder,
      ModelSignature signature,
      Optional<Quantizer.Result> quantized)
      throws IOException, UnsupportedNetworkException {
    Path version = folder.resolve(VERSION);
    Path before = first.get(variant.file());
    if (before != null) {
      ModelFiles.of(request.model(), before).linkTo(version);
    } else if (variant.file() == ImportedVariant.File.ORIGINAL) {
      ModelFiles.of(request.model()).copyTo(version);
    } else {
      Network network = network(variant, quantized.orElseThrow());
      WholeFile.<IOException>write(version.resolve(network.file()), network::write);
      ModelFiles.of(request.model()).copyAssetsTo(version);
    }
    first.putIfAbsent(variant.file(), version);
    if (request.labels().isPresent()) {
      WholeFile.copy(request.labels().get(), folder.resolve(LABELS));
    }
    Optional<String> pixels =
        variant.file() == ImportedVariant.File.INT8_OF_PIXELS
            ? quantized.map(result -> result.input().name())
            : Optional.empty();
    String config =
        new ConfigText(signature, request.labels().map(file -> LABELS))
            .of(request.name() + variant.suffix(), variant, pixels);
    WholeFile.writeText(folder.resolve("config.pbtxt"), config);
  }

  private Network network(ImportedVariant variant, Quantizer.Result result)
      throws UnsupportedNetworkException {
    return variant.file() == ImportedVariant.File.INT8_OF_PIXELS
        ? result
            .network()
            .withPixels(result.input().name(), result.input().channelsFirst(), request.scale())
        : result.network();
  }
}
