package dev.nereid.server.repository;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.nereid.backend.BackendException;
import dev.nereid.server.config.ConfigException;
import dev.nereid.server.config.ModelConfigLoader;
import dev.nereid.server.config.ModelDraft;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.memory.PinnedMemory;
import dev.nereid.server.metrics.ModelCollector;
import dev.nereid.server.scheduling.Clock;
import dev.nereid.server.scheduling.ThreadPlacement;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The models of every {@code --model-repository}, loaded once, at start.
 *
 * <ul>
 *   <li>A model that cannot be loaded stops no other; it stays in the index with its reason.
 *   <li>A model that two repositories hold is not loaded from either.
 *   <li>A version whose instance dies is taken out of service.
 *   <li>Every model is known from the start as LOADING, so that a client that comes early learns
 *       that it may try again.
 * </ul>
 *
 * Thread-safe.
 */
public final class ModelRepository implements ModelLookup, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(ModelRepository.class);

  /**
   * Engines recurse deeply while they start and while they optimise a graph: ONNX Runtime overruns
   * a stack of 1 MiB, and takes the process with it, on no more than a JVM's long command line.
   * Reserved, and not touched unless needed.
   */
  private static final long LOAD_STACK_BYTES = 64L << 20;

  private final SortedMap<String, List<Path>> directories;
  private final SortedMap<String, ModelEntry> models;
  private final ModelConfigLoader configs;
  private final PinnedMemory memory;
  private final Clock clock;
  private final ModelCollector collector;
  private final boolean strictReadiness;
  private final Consumer<String> gpuFaults;
  private final ThreadPlacement placement;

  @GuardedBy("serving")
  private final List<ServingVersion> serving = new ArrayList<>();

  /** Models while they are read, then their versions. */
  private final LoadsUnderWay underWay = new LoadsUnderWay();

  /** Completed while no load is under way. */
  private volatile CompletableFuture<Void> loading = CompletableFuture.completedFuture(null);

  private volatile boolean loaded;
  private volatile boolean stopping;

  /**
   * Finds the models; loads none yet.
   *
   * @param strictReadiness whether one model that is not ready makes the server not ready
   * @param gpuFaults told what failed when an instance on a GPU can never run again; on the
   *     instance's thread, and must neither block nor throw
   * @param placement of instances' threads
   * @throws IOException if a repository cannot be read
   */
  public ModelRepository(
      List<Path> repositories,
      ModelConfigLoader configs,
      PinnedMemory memory,
      Clock clock,
      ModelCollector collector,
      boolean strictReadiness,
      Consumer<String> gpuFaults,
      ThreadPlacement placement)
      throws IOException {
    this.configs = configs;
    this.memory = memory;
    this.clock = clock;
    this.collector = collector;
    this.strictReadiness = strictReadiness;
    this.gpuFaults = gpuFaults;
    this.placement = placement;
    directories = ModelDirectories.scan(repositories);
    SortedMap<String, ModelEntry> entries = new TreeMap<>();
    directories.keySet().forEach(name -> entries.put(name, new ModelEntry(name)));
    models = Collections.unmodifiableSortedMap(entries);
  }

  /**
   * Loads every model, several at a time, and logs the table of what came of it. Blocks. Call once.
   *
   * @return whether every model was loaded; false at once where the repository is closed already
   */
  public boolean loadAll(int threads) {
    CompletableFuture<Void> end = new CompletableFuture<>();
    synchronized (serving) {
      if (stopping) {
        return false;
      }
      loading = end;
    }
    try {
      return load(threads);
    } finally {
      end.complete(null);
    }
  }

  private boolean load(int threads) {
    AtomicInteger number = new AtomicInteger();
    ExecutorService executor =
        Executors.newFixedThreadPool(
            threads,
            task -> {
              String name = "model-load-" + number.getAndIncrement();
              Thread thread = new Thread(null, task, name, LOAD_STACK_BYTES);
              thread.setDaemon(true);
              return thread;
            });
    StillLoading lines = new StillLoading(clock, underWay::names, ModelRepository::logBeside);
    try {
      VersionLoader loader =
          new VersionLoader(configs, memory, clock, executor, underWay, gpuFaults, placement);
      List<CompletableFuture<Void>> loads = new ArrayList<>();
      directories.forEach(
          (name, paths) ->
              loads.add(
                  CompletableFuture.supplyAsync(
                          () -> underWay.during(name, () -> read(entry(name), paths)), executor)
                      .thenCompose(draft -> loadVersions(entry(name), draft, loader))
                      .exceptionally(failure -> failed(entry(name), failure))));
      CompletableFuture.allOf(loads.toArray(CompletableFuture[]::new)).join();
    } finally {
      lines.close();
      executor.shutdown();
    }
    loaded = true;
    if (!models.isEmpty()) {
      log.info("\n{}", StatusTable.of(models.values()));
    }
    long unready = models.values().stream().filter(model -> !model.isReady()).count();
    if (unready > 0) {
      log.error("{} of {} models failed to load; see the table above", unready, models.size());
    }
    return unready == 0;
  }

  /** The clock's threads must not wait for whoever reads the log. */
  private static void logBeside(String line) {
    new Thread(() -> log.info(line), "model-load-log").start();
  }

  private ModelEntry entry(String name) {
    ModelEntry entry = models.get(name);
    if (entry == null) {
      throw new IllegalArgumentException("name: " + name + " (expected: a model's)");
    }
    return entry;
  }

  private ModelDraft read(ModelEntry model, List<Path> paths) {
    try {
      if (paths.size() > 1) {
        throw new ConfigException(
            "model '%s' is in more than one repository: %s (expected: in one)"
                .formatted(
                    model.name(), String.join(", ", paths.stream().map(Path::toString).toList())));
      }
      return configs.read(paths.get(0));
    } catch (ConfigException e) {
      throw new CompletionException(e);
    }
  }

  private CompletableFuture<Void> loadVersions(
      ModelEntry model, ModelDraft draft, VersionLoader loader) {
    List<CompletableFuture<Void>> loads = new ArrayList<>();
    // All of them first: the model must not look complete before its last version is known.
    draft.versions().forEach(version -> model.set(VersionState.loading(version)));
    for (long version : draft.versions()) {
      log.info("loading: {}:{}", model.name(), version);
      loads.add(
          loader
              .load(
                  draft,
                  version,
                  (instance, reason, left) -> lose(model, version, instance, reason, left))
              .handle(
                  (served, failure) -> {
                    if (failure == null) {
                      ready(model, served);
                    } else {
                      failed(model, version, failure);
                    }
                    return null;
                  }));
    }
    return CompletableFuture.allOf(loads.toArray(CompletableFuture[]::new));
  }

  private void ready(ModelEntry model, ServingVersion served) {
    boolean tooLate;
    synchronized (serving) {
      tooLate = stopping;
      if (!tooLate) {
        serving.add(served);
        // Under the lock too: close() must not find it half in service, and it never comes back.
        collector.add(served.meters());
        model.set(VersionState.ready(served.model()));
      }
    }
    if (tooLate) {
      // Without the lock: an engine may take long to let go, and a stop does not wait for a load.
      served.close();
      model.set(VersionState.unavailable(served.model().version(), "unloaded"));
      return;
    }
    log.info(
        "successfully loaded '{}' version {} in {} s",
        model.name(),
        served.model().version(),
        String.format(Locale.ROOT, "%.3f", served.meters().loadSeconds()));
  }

  private static void failed(ModelEntry model, long version, Throwable failure) {
    String reason = reason(failure);
    model.set(VersionState.unavailable(version, reason));
    log.error("failed to load '{}' version {}: {}", model.name(), version, reason);
  }

  private static Void failed(ModelEntry model, Throwable failure) {
    String reason = reason(failure);
    model.fail(reason);
    log.error("failed to load '{}': {}", model.name(), reason);
    return null;
  }

  private static void lose(
      ModelEntry model, long version, String instance, String reason, int instancesLeft) {
    model.lose(version, "instance '" + instance + "' failed: " + reason, instancesLeft);
    log.error(
        "'{}' version {} is {}: instance '{}' failed: {}",
        model.name(),
        version,
        instancesLeft > 0
            ? "not ready, and goes on with " + instancesLeft + " of its instances"
            : "out of service",
        instance,
        reason);
  }

  /** What users read: our own exceptions' text; of anything else, that it was not foreseen. */
  private static String reason(Throwable failure) {
    Throwable cause = failure;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof ConfigException || cause instanceof BackendException) {
      log.debug("A model was refused", cause);
      return String.valueOf(cause.getMessage());
    }
    log.error("A model failed to load in a way that was not foreseen", cause);
    return "unexpected: " + cause;
  }

  @Override
  public ModelVersion resolve(String model, long version) throws InferenceException {
    return known(model).resolve(version);
  }

  @Override
  public boolean isReady(String model, long version) throws InferenceException {
    return known(model).isReady(version);
  }

  private ModelEntry known(String model) throws InferenceException {
    ModelEntry entry = models.get(model);
    if (entry == null) {
      throw new InferenceException(
          StatusCode.NOT_FOUND, "Request for unknown model: '" + model + "' is not found");
    }
    return entry;
  }

  @Override
  public List<ModelVersion> readyVersions(String model) {
    ModelEntry entry = models.get(model);
    return entry == null ? List.of() : entry.readyVersions();
  }

  @Override
  public List<IndexEntry> index(boolean readyOnly) {
    List<IndexEntry> rows = new ArrayList<>();
    models.values().forEach(model -> rows.addAll(model.index(readyOnly)));
    return rows;
  }

  @Override
  public boolean isReady() {
    return loaded
        && !stopping
        && (!strictReadiness || models.values().stream().allMatch(ModelEntry::isReady));
  }

  /** Makes {@link #isReady} false for good; requests are still served. */
  public void beginStop() {
    synchronized (serving) {
      stopping = true;
    }
  }

  /**
   * Refuses requests from now on; those that wait run as soon as an instance is idle, since nothing
   * comes any more that could share their batch. Does not wait.
   */
  public void stopAccepting() {
    servingNow().forEach(version -> version.scheduler().stopAccepting());
  }

  /**
   * Fails every request that waits in a queue; for a server whose time to exit has come.
   *
   * @return how many did
   */
  public int failQueued() {
    return servingNow().stream().mapToInt(version -> version.scheduler().failQueued()).sum();
  }

  /**
   * Runs a task once no load is under way: now, or on the thread that ends the load. For what loads
   * need, since {@link #close} does not wait for one.
   */
  public void afterLoading(Runnable task) {
    var unused = loading.thenRun(task);
  }

  private List<ServingVersion> servingNow() {
    synchronized (serving) {
      return List.copyOf(serving);
    }
  }

  /**
   * Finishes what is queued, then unloads every model. Blocks, but not for a load that is under
   * way: what comes of it is unloaded by it.
   */
  @Override
  public void close() {
    beginStop();
    stopAccepting();
    List<ServingVersion> toClose = servingNow();
    for (Map.Entry<String, ModelEntry> model : models.entrySet()) {
      for (VersionState state : model.getValue().versions()) {
        if (state.model() != null) {
          model.getValue().set(VersionState.unloading(state.version()));
        }
      }
    }
    for (ServingVersion version : toClose) {
      version.close();
      synchronized (serving) {
        serving.remove(version);
      }
      collector.remove(version.meters());
      entry(version.model().name())
          .set(VersionState.unavailable(version.model().version(), "unloaded"));
    }
  }
}
