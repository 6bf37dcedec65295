package dev.nereid.models;

import dev.nereid.backend.BackendException;
import dev.nereid.models.onnx.OnnxFile;
import dev.nereid.models.onnx.QdqQuantization;
import dev.nereid.models.onnx.QdqScheme;
import dev.nereid.models.quantize.Engines;
import dev.nereid.models.quantize.Pictures;
import dev.nereid.models.quantize.QuantizationReport;
import dev.nereid.models.quantize.Quantizer;
import dev.nereid.models.quantize.UnsupportedNetworkException;
import dev.nereid.models.tensorflow.FakeQuantization;
import dev.nereid.models.tensorflow.SavedModelFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code nereid models quantize}. */
@Command(
    name = "quantize",
    mixinStandardHelpOptions = true,
    exitCodeOnInvalidInput = 1,
    sortOptions = false,
    description = {
      "Makes a model of 8-bit integers from one in floating point: runs it on pictures, on this"
          + " machine's CPU, notes what range each tensor has, writes the ranges into the model, and"
          + " compares both on pictures that were held out.",
      "",
      "A SavedModel gets FakeQuantWithMinMaxVars nodes, which TF-TRT reads (precision_mode INT8); one"
          + " with variables or functions is frozen first: both become part of one graph. An ONNX"
          + " file gets QuantizeLinear and DequantizeLinear nodes and weights of a quarter of the"
          + " size; batch norms are folded into convolutions. Layers by constant weights become"
          + " integers (Conv2D, DepthwiseConv2dNative, MatMul; Conv, Gemm, MatMul), what is between"
          + " them follows, and the rest stays as it is.",
      ""
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  nereid models quantize models/resnet50_onnx --into models/resnet50_q --images photos",
      "  nereid models quantize net.onnx --into net_int8.onnx --for onnxruntime --images photos \\",
      "      --mean 123.675,116.28,103.53 --std 58.395,57.12,57.375 --json report.json",
      "  nereid models quantize export/saved_model --into export/int8 --corpus 64",
      "",
      "Exit codes: 0 done, 1 usage, 2 the model cannot be quantised or the pictures cannot be used, 5"
          + " a file cannot be read or written, or the engine does not run the model."
    })
final class QuantizeCommand implements Callable<Integer> {

  private final Engines engines;

  @Spec private CommandSpec spec;

  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      description =
          "A SavedModel's folder, an ONNX file, or a model of a repository (its highest version).")
  private Path model;

  @Option(
      names = "--into",
      required = true,
      paramLabel = "PATH",
      description =
          "Where the result goes, as the same kind of thing: a SavedModel's folder, an ONNX file, or"
              + " a repository's model with the original's configuration and version 1.")
  private Path into;

  @Mixin private CalibrationOptions calibration = new CalibrationOptions();

  @Option(
      names = "--for",
      paramLabel = "ENGINE",
      description =
          "What is to run the ONNX file fast: tensorrt (10 and newer; the default), tensorrt8 (whose"
              + " parser wants weights in floating point), or onnxruntime (on a CPU). Any of them"
              + " runs any.")
  private @Nullable String target;

  @Option(
      names = "--uint8",
      description =
          "Let the result take pixels of 8 bits, which it scales itself by --mean and --std: a request"
              + " is a quarter as large.")
  private boolean pixels;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write the report there too, with every range.")
  private @Nullable Path json;

  @Option(names = "--force", description = "Write over what is at --into.")
  private boolean force;

  QuantizeCommand(Engines engines) {
    this.engines = engines;
  }

  @Override
  public Integer call() {
    return Failures.report(spec, this::quantize);
  }

  private int quantize() throws IOException, BackendException, UnsupportedNetworkException {
    PrintWriter out = spec.commandLine().getOut();
    Pictures.Source pictures =
        calibration
            .pictures()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "images: none (expected: --images DIR or --corpus N)"));
    Quantizer quantizer = calibration.quantizer(engines, line -> say(out, line));
    QdqScheme scheme = scheme();
    ModelOnDisk source = ModelOnDisk.find(model);
    QuantizedCopy copy = new QuantizedCopy(source, into);
    copy.refuseToOverwrite(force);
    Quantizer.Result result;
    if (source.isSavedModel()) {
      if (target != null) {
        throw new IllegalArgumentException(
            "for: " + target + " (expected: only with an ONNX file; a SavedModel is for TF-TRT)");
      }
      SavedModelFile file = FrozenModel.read(source, engines, line -> say(out, line));
      result = quantizer.quantize(file, new FakeQuantization(file), pictures);
    } else {
      OnnxFile file = source.readOnnx();
      result = quantizer.quantize(file, new QdqQuantization(file, scheme), pictures);
    }
    copy.write(
        pixels
            ? result
                .network()
                .withPixels(
                    result.input().name(), result.input().channelsFirst(), calibration.scale())
            : result.network());
    report(
        out,
        source.isMadeHere()
            ? result.report().withNote(QuantizationReport.RANDOM_WEIGHTS)
            : result.report());
    return 0;
  }

  private QdqScheme scheme() {
    return switch (target == null ? "tensorrt" : target) {
      case "tensorrt" -> QdqScheme.TENSORRT;
      case "tensorrt8" -> QdqScheme.TENSORRT_8;
      case "onnxruntime" -> QdqScheme.ONNX_RUNTIME;
      default ->
          throw new IllegalArgumentException(
              "for: " + target + " (expected: tensorrt, tensorrt8 or onnxruntime)");
    };
  }

  private void report(PrintWriter out, QuantizationReport report) throws IOException {
    out.print(report.text());
    out.println("written: " + into);
    out.flush();
    if (json != null) {
      try (Writer writer = Files.newBufferedWriter(json)) {
        report.writeJson(writer);
      }
    }
  }

  private static void say(PrintWriter out, String line) {
    out.println(line);
    out.flush();
  }
}
