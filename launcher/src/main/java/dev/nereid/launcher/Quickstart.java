package dev.nereid.launcher;

import dev.nereid.backend.BackendException;
import dev.nereid.bench.Bench;
import dev.nereid.bench.measure.GeneratorHealth;
import dev.nereid.bench.measure.StopSignal;
import dev.nereid.bench.search.MaxResult;
import dev.nereid.bench.search.MaxSettings;
import dev.nereid.bench.search.SearchListener;
import dev.nereid.bench.target.GpuMeter;
import dev.nereid.bench.target.GrpcTarget;
import dev.nereid.bench.target.TargetException;
import dev.nereid.bench.target.TargetOptions;
import dev.nereid.models.BuildRequest;
import dev.nereid.models.ModelRepositoryBuilder;
import dev.nereid.models.Variant;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Builds models, serves them in a process of their own, and measures one after the other. */
final class Quickstart {

  private static final Duration READY_PATIENCE = Duration.ofMinutes(3);

  private final Path home;
  private final Path folder;
  private final Steps steps;

  /** Told what happens, in the order in which it does. */
  interface Steps {

    /** A line of a step that runs. */
    void say(String line);

    /** The search for one model's limit begins; its probes go to the listener. */
    SearchListener search(int number, int of, String model);
  }

  /**
   * @param home of the distribution whose server is measured
   * @param folder where models and the server's log go
   */
  Quickstart(Path home, Path folder, Steps steps) {
    this.home = home;
    this.folder = folder;
    this.steps = steps;
  }

  /**
   * Runs all of it. Whatever happens, the server has ended when this returns; it also ends when
   * this process is told to.
   *
   * @param only names of the models to measure; empty for the whole ladder
   * @param settings of every model's search
   * @throws IOException if a file cannot be written, or the server does not come up
   * @throws TargetException if the server cannot be measured
   */
  List<MaxResult> run(Set<String> only, MaxSettings settings)
      throws IOException, TargetException, InterruptedException {
    Path repository = folder.resolve("models");
    List<String> models = buildModels(repository, only);
    Path log = folder.resolve("server.log");
    steps.say("server: starting, its log is " + log);
    long started = System.nanoTime();
    try (ServerProcess server = ServerProcess.start(home, repository, List.of(), Map.of(), log)) {
      Thread end = new Thread(server::close, "end-of-server");
      Runtime.getRuntime().addShutdownHook(end);
      try {
        server.awaitReady(READY_PATIENCE);
        long millis = (System.nanoTime() - started) / 1_000_000;
        steps.say("server: ready at " + server.endpoint() + " after " + millis + " ms");
        List<MaxResult> results = new ArrayList<>();
        for (String model : models) {
          SearchListener listener = steps.search(results.size() + 1, models.size(), model);
          results.add(measure(TargetOptions.of(server.endpoint(), model), settings, listener));
        }
        return results;
      } finally {
        removeHook(end);
      }
    } finally {
      steps.say("server: ended");
    }
  }

  private List<String> buildModels(Path repository, Set<String> only) throws IOException {
    Files.createDirectories(folder);
    BuildRequest ladder = BuildRequest.of(repository, Variant.QUICKSTART);
    BuildRequest request =
        new BuildRequest(
            repository,
            ladder.seed(),
            ladder.variants(),
            only,
            Runtime.getRuntime().availableProcessors(),
            false);
    try (InstalledEngines engines = new InstalledEngines()) {
      return new ModelRepositoryBuilder(request, engines, line -> steps.say("models: " + line))
          .build();
    } catch (BackendException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private static MaxResult measure(
      TargetOptions options, MaxSettings settings, SearchListener listener) throws TargetException {
    try (GrpcTarget target = GrpcTarget.connect(options)) {
      GeneratorHealth.Limits limits = GeneratorHealth.Limits.forLimit(settings.slo().limitNanos());
      return new Bench(target, limits, options.timeout(), GpuMeter.NONE, new StopSignal())
          .max(settings, listener);
    }
  }

  private static void removeHook(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // This process ends already: the hook is at work.
    }
  }
}
