package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import dev.nereid.backend.tensorflow.gpu.LibraryReport;
import dev.nereid.backend.tensorflow.graph.DevicePlacement;
import dev.nereid.backend.tensorflow.graph.GraphFreezer.Frozen;
import dev.nereid.backend.tensorflow.graph.ModelOperators;
import dev.nereid.backend.tensorflow.graph.NotFreezable;
import dev.nereid.backend.tensorflow.graph.OpDefs;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tensorflow.internal.c_api.global.tensorflow;
import org.tensorflow.proto.ConfigProto;

/**
 * Puts a model on a GPU and has it ready for its first request.
 *
 * <p>A model whose answers depend on its inputs alone is frozen: TF-TRT converts constants and the
 * main graph only, and a frozen graph may be given inputs where they lie. One that keeps state is
 * loaded as it is, with the reason in the log.
 */
final class GpuModelLoader {

  private static final Logger log = LoggerFactory.getLogger(GpuModelLoader.class);

  private final ModelSpec spec;
  private final TfSignature signature;
  private final ModelSignature described;
  private final SessionSettings settings;
  private final GpuOptimization optimization;
  private final GpuMemory memory;
  private final Optional<EngineStore> engines;
  private final OpDefs ops = OpDefs.ofLibrary();

  /** A frozen model, or why it is not. */
  private record Freezing(Optional<Frozen> frozen, String reason) {}

  /**
   * @param engines where TensorRT's are kept; empty to keep none
   */
  GpuModelLoader(
      ModelSpec spec,
      TfSignature signature,
      ModelSignature described,
      SessionSettings settings,
      GpuOptimization optimization,
      GpuMemory memory,
      Optional<EngineStore> engines) {
    this.spec = spec;
    this.signature = signature;
    this.described = described;
    this.settings = settings;
    this.optimization = optimization;
    this.memory = memory;
    this.engines = engines;
  }

  /** Blocks until every batch size has run; with TensorRT that may be minutes. */
  PlacedModel load(int gpu) throws BackendException {
    if (optimization.tensorRt().isPresent()) {
      checkTensorRt();
    }
    Freezing freezing = freeze();
    Padding sizes = sizes(freezing);
    if (optimization.tensorRt().isPresent()) {
      optimization.tensorRt().get().checkCapacity(sizes);
    }
    try {
      return ready(gpu, freezing, sizes, true);
    } catch (EnginesUnusable e) {
      log.warn(
          "Model '{}' on GPU {}: {}. It is loaded again, without files of engines",
          spec.source().modelName(),
          gpu,
          e.getMessage());
    }
    try {
      return ready(gpu, freezing, sizes, false);
    } catch (EnginesUnusable e) {
      throw new IllegalStateException("without files nothing of them can fail", e);
    }
  }

  private PlacedModel ready(int gpu, Freezing freezing, Padding sizes, boolean files)
      throws BackendException, EnginesUnusable {
    PlacedModel model = place(gpu, freezing.frozen(), sizes);
    boolean ready = false;
    try {
      prepare(model, gpu, freezing, sizes, files);
      ready = true;
      return model;
    } finally {
      if (!ready) {
        model.close();
      }
    }
  }

  private void checkTensorRt() throws BackendException {
    String problem;
    if (!EngineOperations.areKnown(ops)) {
      problem =
          "TensorFlow %s here was built without it".formatted(tensorflow.TF_Version().getString());
    } else {
      List<String> problems = new LibraryReport().tensorRtProblems();
      if (problems.isEmpty()) {
        return;
      }
      problem = String.join("; ", problems);
    }
    throw BackendException.ofField(
        "optimization.execution_accelerators: tensorrt (expected: TensorRT to be there: "
            + problem
            + ")",
        "optimization",
        "execution_accelerators");
  }

  /** The batch sizes to prepare for. */
  private Padding sizes(Freezing freezing) {
    if (settings.padding().isPresent()) {
      return settings.padding().get();
    }
    // Runs of a model that keeps state may be seen in its answers, so there are few.
    return optimization.tensorRt().isPresent() || freezing.frozen().isEmpty()
        ? Padding.of(spec.preferredBatchSizes(), spec.maxBatchSize())
        : Padding.toRunOnce(spec.preferredBatchSizes(), spec.maxBatchSize());
  }

  private boolean isPadded() {
    boolean asked = settings.padding().isPresent() || optimization.tensorRt().isPresent();
    return asked && settings.padBatches();
  }

  private Freezing freeze() throws BackendException {
    try {
      Frozen frozen =
          new ModelFreezer(spec.source(), signature, ops)
              .freeze(
                  spec.inputs().stream().map(TensorSpec::name).toList(),
                  spec.outputs().stream().map(TensorSpec::name).toList());
      return new Freezing(Optional.of(frozen), "");
    } catch (NotFreezable e) {
      String reason = String.valueOf(e.getMessage());
      log.warn(
          "Model '{}' is not frozen: {}. It runs as it is, and its inputs are copied",
          spec.source().modelName(),
          reason);
      return new Freezing(Optional.empty(), reason);
    }
  }

  private PlacedModel place(int gpu, Optional<Frozen> frozen, Padding sizes)
      throws BackendException {
    String device = DevicePlacement.gpu(gpu);
    String what = what();
    Padding padding = isPadded() ? sizes : Padding.NONE;
    if (frozen.isPresent()) {
      TfSession session =
          TfSession.ofGraph(what, DevicePlacement.on(device, frozen.get().graph()), config());
      Map<String, String> outputs = renamed(frozen.get());
      PlacedModel.Style style =
          frozen.get().stateless() ? PlacedModel.Style.ON_GPU_IN_PLACE : PlacedModel.Style.ON_GPU;
      return new PlacedModel(
          spec,
          signature,
          described,
          session,
          tensor -> outputs.getOrDefault(tensor, tensor),
          padding,
          style);
    }
    try (PlacedSavedModel placed = PlacedSavedModel.of(spec.source(), device)) {
      TfSession session = TfSession.ofSavedModel(what, placed.folder(), signature.tags(), config());
      return new PlacedModel(
          spec, signature, described, session, tensor -> tensor, padding, PlacedModel.Style.ON_GPU);
    }
  }

  private Map<String, String> renamed(Frozen frozen) {
    Map<String, String> names = new HashMap<>();
    List<TensorSpec> outputs = spec.outputs();
    for (int i = 0; i < outputs.size(); i++) {
      names.put(signature.outputTensor(outputs.get(i).name()), frozen.outputs().get(i));
    }
    return names;
  }

  private String what() {
    return "unable to load model '" + spec.source().modelName() + "', ";
  }

  private ConfigProto config() throws BackendException {
    return settings.toGpuProto(
        spec.graphOptimizationLevel(), memory, optimization, spec.maxBatchSize());
  }

  private void prepare(PlacedModel model, int gpu, Freezing freezing, Padding sizes, boolean files)
      throws BackendException, EnginesUnusable {
    String name = spec.source().modelName();
    Optional<String> unknown = WarmUp.unknownShape(model);
    if (unknown.isPresent()) {
      log.warn(
          "Model '{}' is not warmed up on GPU {}: {}. The first request of every shape waits for what TensorFlow prepares for it",
          name,
          gpu,
          unknown.get());
      return;
    }
    List<Integer> rows = sizes.sizes().isEmpty() ? List.of(1) : sizes.sizes();
    Preparation preparation =
        new Preparation(name, gpu, model, rows, spec.isBatching(), optimization.tensorRt());
    try {
      if (optimization.tensorRt().isEmpty()) {
        preparation.withoutEngines();
      } else if (files) {
        preparation.withEngines(shelf(gpu, sizes), report(freezing));
      } else {
        preparation.withEnginesAlone(report(freezing));
      }
    } catch (BackendException e) {
      throw new BackendException(what() + "on GPU " + gpu + ": " + e.getMessage(), e);
    }
  }

  private ConversionReport report(Freezing freezing) {
    List<String> inputs =
        spec.inputs().stream().map(input -> signature.inputTensor(input.name())).toList();
    return new ConversionReport(
        freezing.frozen().map(frozen -> ModelOperators.of(frozen.graph(), inputs, ops)),
        freezing.reason());
  }

  private Optional<EngineStore.Shelf> shelf(int gpu, Padding sizes) throws BackendException {
    if (engines.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(engines.get().of(spec, optimization.tensorRt().orElseThrow(), sizes, gpu));
    } catch (IOException e) {
      throw new BackendException(what() + "its files cannot be read: " + e, e);
    }
  }
}
