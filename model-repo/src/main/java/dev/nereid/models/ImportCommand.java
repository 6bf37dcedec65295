package dev.nereid.models;

import dev.nereid.backend.BackendException;
import dev.nereid.models.quantize.Engines;
import dev.nereid.models.quantize.UnsupportedNetworkException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code nereid models import}. */
@Command(
    name = "import",
    mixinStandardHelpOptions = true,
    exitCodeOnInvalidInput = 1,
    sortOptions = false,
    description = {
      "Makes a repository's models around your own: its signature is read, and each model gets a"
          + " configuration to start from.",
      "",
      "Of a SavedModel: NAME_original, NAME_tftrt_fp32, NAME_tftrt_fp16, NAME_tftrt_int8 and"
          + " NAME_tftrt_int8_bs16_count4. Of an ONNX file: NAME_onnx, NAME_tensorrt_fp16,"
          + " NAME_tensorrt_int8 and NAME_tensorrt_int8_tuned, which takes pixels of 8 bits. The"
          + " first of each runs on any machine, the others need a GPU. Those of 8 bits are made if"
          + " the model takes pictures and there are some to calibrate on.",
      ""
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  nereid models import --saved-model export/1 --name flowers --into models --images photos",
      "  nereid models import --onnx flowers.onnx --into models --images photos \\",
      "      --mean 123.675,116.28,103.53 --std 58.395,57.12,57.375 --labels flowers.txt",
      "  nereid models import --onnx flowers.onnx --into models",
      "      without pictures, and so without the models of 8 bits",
      "",
      "Exit codes: 0 done, 1 usage, 2 the model cannot be imported, or it cannot be quantised though"
          + " pictures were given (the other models are there then), 5 a file cannot be read or"
          + " written, or the engine does not read the model."
    })
final class ImportCommand implements Callable<Integer> {

  private final Engines engines;

  @Spec private CommandSpec spec;

  @ArgGroup(multiplicity = "1")
  private Model model = new Model();

  /** One of two formats. */
  static final class Model {

    @Option(
        names = "--saved-model",
        paramLabel = "DIR",
        description = "A SavedModel's folder, with saved_model.pb in it.")
    private @Nullable Path savedModel;

    @Option(names = "--onnx", paramLabel = "FILE", description = "An ONNX file.")
    private @Nullable Path onnx;

    Path path() {
      return savedModel != null ? savedModel : Objects.requireNonNull(onnx);
    }
  }

  @Option(
      names = "--into",
      required = true,
      paramLabel = "DIR",
      description = "The model repository's folder; made where it is missing.")
  private Path into;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "What every model's name begins with. Default: the file's or folder's.")
  private @Nullable String name;

  @Option(
      names = "--labels",
      paramLabel = "FILE",
      description = "Names of the classes, one a line, for the model's one output.")
  private @Nullable Path labels;

  @Mixin private CalibrationOptions calibration = new CalibrationOptions();

  @Option(
      names = "--force",
      description = "Write also over folders that were not made by `nereid models`.")
  private boolean force;

  ImportCommand(Engines engines) {
    this.engines = engines;
  }

  @Override
  public Integer call() {
    return Failures.report(spec, this::importModel);
  }

  private int importModel() throws IOException, BackendException, UnsupportedNetworkException {
    PrintWriter out = spec.commandLine().getOut();
    Consumer<String> progress =
        line -> {
          out.println(line);
          out.flush();
        };
    ModelOnDisk source = ModelOnDisk.find(model.path());
    if (source.isSavedModel() != (model.savedModel != null)) {
      throw new IllegalArgumentException(
          "%s: %s (expected: %s)"
              .formatted(
                  model.savedModel != null ? "saved-model" : "onnx",
                  model.path(),
                  model.savedModel != null ? "a SavedModel's folder" : "an ONNX file"));
    }
    ImportRequest request =
        new ImportRequest(
            source,
            into,
            name == null ? defaultName(model.path()) : name,
            calibration.pictures(),
            calibration.scale(),
            Optional.ofNullable(labels),
            force);
    ModelImporter.Outcome outcome =
        new ModelImporter(request, engines, calibration.quantizer(engines, progress), progress)
            .run();
    if (outcome.obstacle().isPresent()) {
      throw new UnsupportedNetworkException(outcome.obstacle().get());
    }
    return 0;
  }

  private static String defaultName(Path path) {
    String file = path.toAbsolutePath().normalize().getFileName().toString();
    return file.replaceFirst("\\.(onnx|savedmodel)$", "");
  }
}
