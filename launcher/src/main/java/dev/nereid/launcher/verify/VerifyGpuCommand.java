package dev.nereid.launcher.verify;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.launcher.Home;
import dev.nereid.launcher.verify.Stack.GpuModel;
import dev.nereid.models.BuildRequest;
import dev.nereid.models.ModelRepositoryBuilder;
import dev.nereid.models.Variant;
import dev.nereid.models.quantize.Engines;
import dev.nereid.server.gpu.GpuDevice;
import dev.nereid.server.gpu.GpuDevices;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code nereid verify-gpu}. */
@Command(
    name = "verify-gpu",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    exitCodeOnInvalidInput = 1,
    exitCodeOnExecutionException = 1,
    description = {
      "Shows on this machine what needs a GPU: builds the models of a GPU stack, serves them, and prints"
          + " PASS or FAIL a line for what has to hold.",
      "",
      "The first run builds engines, which takes minutes; they are kept for the next.",
      ""
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  nereid --gpu-stack=trt10 verify-gpu",
      "  nereid --gpu-stack=tftrt verify-gpu --cycles 5",
      "",
      "Exit codes: 0 every line is PASS, 1 one is FAIL, or the usage is wrong."
    })
public final class VerifyGpuCommand implements Callable<Integer> {

  private static final Duration ENGINES_ARE_BUILT = Duration.ofMinutes(40);

  /** Weights of the GPU's models, in FP32 on the CPU. */
  private static final String REFERENCE = "resnet50_onnx";

  private final Engines engines;

  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      defaultValue = ".nereid/verify-gpu",
      description =
          "Where models and logs go; models are kept for the next run. Default: ${DEFAULT-VALUE}.")
  private Path folder = Path.of("");

  @Option(
      names = "--cycles",
      paramLabel = "N",
      defaultValue = "50",
      description = "How often each model is loaded and unloaded. Default: ${DEFAULT-VALUE}.")
  private int cycles;

  @Option(names = "--models-only", description = "Build the models and end.")
  private boolean modelsOnly;

  /**
   * @param engines of this process, for calibration and for loading again and again
   */
  public VerifyGpuCommand(Engines engines) {
    this.engines = engines;
  }

  private CommandLine command() {
    return Objects.requireNonNull(spec).commandLine();
  }

  private PrintWriter out() {
    return command().getOut();
  }

  private Stack stack() {
    try {
      return Stack.of(String.valueOf(System.getenv("NEREID_GPU_STACK")));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command(), String.valueOf(e.getMessage()), e);
    }
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    Stack stack = stack();
    Path root = Files.createDirectories(folder.toAbsolutePath().normalize().resolve(stack.title()));
    Path repository = root.resolve("models");
    Checklist list = new Checklist(out());
    list.run(
        new Check(
            "models of stack " + stack.title() + " are made", () -> build(stack, repository)));
    if (modelsOnly) {
      return list.failed() == 0 ? 0 : 1;
    }
    GpuDevices gpus = GpuDevices.find();
    list.run(new Check("the driver shows a GPU", () -> driver(gpus)));
    serve(stack, root, repository, gpus.devices(), list);
    badModels(stack, root, repository, list);
    list.run(
        new Check(
            "models that find no GPU memory are refused beside one that serves on the CPU",
            () -> MemoryChecks.atLoad(stack, root, repository, REFERENCE)));
    cycle(stack, repository, list);
    out().printf("%d of %d lines passed%n", list.passed(), list.passed() + list.failed());
    out().flush();
    return list.failed() == 0 ? 0 : 1;
  }

  private static String driver(GpuDevices gpus) throws CheckFailure {
    CheckFailure.unless(!gpus.devices().isEmpty(), "%s", gpus.absence());
    List<String> shown = new ArrayList<>();
    for (GpuDevice device : gpus.devices()) {
      shown.add(device.toString());
    }
    return String.join("; ", shown);
  }

  private String build(Stack stack, Path repository) throws IOException, BackendException {
    Set<String> names = new LinkedHashSet<>(List.of(REFERENCE));
    stack.models().stream().map(GpuModel::name).forEach(names::add);
    List<OnnxOnGpu> own =
        Stream.of(OnnxOnGpu.values()).filter(model -> names.remove(model.model())).toList();
    BuildRequest request =
        new BuildRequest(
            repository,
            BuildRequest.DEFAULT_SEED,
            Set.of(Variant.CPU),
            names,
            Runtime.getRuntime().availableProcessors(),
            false);
    List<String> built =
        new ArrayList<>(new ModelRepositoryBuilder(request, engines, line -> {}).build());
    for (OnnxOnGpu model : own) {
      model.write(repository, REFERENCE);
      built.add(model.model());
    }
    return String.join(", ", built);
  }

  private void serve(Stack stack, Path root, Path repository, List<GpuDevice> gpus, Checklist list)
      throws IOException, InterruptedException {
    List<String> flags =
        List.of(
            "--exit-on-error=false",
            "--strict-readiness=false",
            "--allow-client-shm=true",
            "--metrics-interval-ms=500");
    try (ServedModels served =
        new ServedModels(Home.folder(), repository, flags, root.resolve("server.log"))) {
      list.run(
          new Check(
              "the server is ready with every model of the stack",
              () -> {
                served.awaitReady(ENGINES_ARE_BUILT);
                return served.allReady();
              }));
      String loaded = stack.models().get(stack.models().size() - 1).name();
      List<Check> checks = new ArrayList<>(new AnswerChecks(served, REFERENCE).of(stack));
      checks.addAll(new MetricsChecks(served, loaded, gpus).all());
      checks.addAll(new SharedMemoryChecks(served, loaded).all());
      checks.add(
          new Check(
              loaded + " outlives the end of GPU memory",
              () -> MemoryChecks.whileLoaded(served, loaded)));
      checks.add(
          new Check(
              "the server ends with 0 under load",
              () -> {
                try (Load load = new Load(served, loaded, 16)) {
                  Thread.sleep(1000);
                  load.check();
                }
                int code = served.server().stop();
                CheckFailure.unless(code == 0, "exit code %d (expected: 0)", code);
                return "exit code 0";
              }));
      for (Check check : checks) {
        list.run(check);
      }
    }
  }

  private static void badModels(Stack stack, Path root, Path repository, Checklist list)
      throws IOException, InterruptedException {
    Path mixed = Files.createDirectories(root.resolve("bad-models"));
    String good = stack.models().get(0).name();
    Path link = mixed.resolve(good);
    if (!Files.exists(link)) {
      Files.createSymbolicLink(link, repository.resolve(good));
    }
    BadModelChecks bad = new BadModelChecks(mixed, stack);
    bad.write();
    List<String> flags = List.of("--exit-on-error=false", "--strict-readiness=false");
    try (ServedModels served =
        new ServedModels(Home.folder(), mixed, flags, root.resolve("bad-models.log"))) {
      list.run(
          new Check(
              "a server with bad models among good ones comes up",
              () -> {
                served.awaitReady(ENGINES_ARE_BUILT);
                return "ready";
              }));
      for (Check check : bad.all(served, good)) {
        list.run(check);
      }
    }
  }

  private void cycle(Stack stack, Path repository, Checklist list) throws InterruptedException {
    if (cycles < 1) {
      return;
    }
    Map<String, Backend> started = new HashMap<>();
    for (String backend : stack.backends()) {
      list.run(
          new Check(
              "backend " + backend + " starts in this process",
              () -> {
                started.put(backend, engines.backend(backend));
                return "kinds " + started.get(backend).kinds();
              }));
    }
    list.run(new CycleChecks(repository, started, cycles).of(stack));
  }
}
