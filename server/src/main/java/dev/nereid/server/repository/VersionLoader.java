package dev.nereid.server.repository;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.TensorSpec;
import dev.nereid.server.config.ConfigException;
import dev.nereid.server.config.ModelConfigLoader;
import dev.nereid.server.config.ModelDraft;
import dev.nereid.server.config.ModelInterface;
import dev.nereid.server.config.PlannedInstance;
import dev.nereid.server.config.Reshape;
import dev.nereid.server.config.VersionConfig;
import dev.nereid.server.memory.ModelMemory;
import dev.nereid.server.memory.PinnedMemory;
import dev.nereid.server.metrics.ModelMeters;
import dev.nereid.server.metrics.ModelStatistics;
import dev.nereid.server.scheduling.Clock;
import dev.nereid.server.scheduling.InstanceFaults;
import dev.nereid.server.scheduling.ModelOutput;
import dev.nereid.server.scheduling.ModelScheduler;
import dev.nereid.server.scheduling.ScheduledInstance;
import dev.nereid.server.scheduling.ThreadPlacement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * From a draft to a version that serves: complete its config, load the model, make its instances in
 * parallel, start its scheduler. What was made is closed again where a later step fails.
 */
final class VersionLoader {

  private final ModelConfigLoader configs;
  private final PinnedMemory memory;
  private final Clock clock;
  private final Executor executor;
  private final LoadsUnderWay underWay;
  private final Consumer<String> gpuFaults;
  private final ThreadPlacement placement;

  VersionLoader(
      ModelConfigLoader configs,
      PinnedMemory memory,
      Clock clock,
      Executor executor,
      LoadsUnderWay underWay,
      Consumer<String> gpuFaults,
      ThreadPlacement placement) {
    this.configs = configs;
    this.memory = memory;
    this.clock = clock;
    this.executor = executor;
    this.underWay = underWay;
    this.gpuFaults = gpuFaults;
    this.placement = placement;
  }

  /** A model in memory, before it has instances. */
  private record Prepared(
      VersionConfig config, LoadedModel model, ModelMemory memory, long startNanos) {}

  /** A model in memory whose instances are being made. */
  private record Begun(Prepared prepared, CompletableFuture<List<ModelInstance>> instances) {}

  /**
   * Loads one version on the executor's threads; no thread waits for another.
   *
   * @param faults told when an instance of it dies
   */
  CompletableFuture<ServingVersion> load(ModelDraft draft, long version, InstanceFaults faults) {
    String label = draft.name() + ":" + version;
    return CompletableFuture.supplyAsync(
            () -> underWay.during(label, () -> begin(draft, version, label)), executor)
        .thenCompose(
            begun ->
                begun.instances.thenApply(
                    instances -> start(begun.prepared, version, instances, faults)));
  }

  private Begun begin(ModelDraft draft, long version, String label) {
    Prepared prepared = prepare(draft, version);
    return new Begun(prepared, createInstances(prepared, label));
  }

  private Prepared prepare(ModelDraft draft, long version) {
    long startNanos = clock.nanoTime();
    try {
      VersionConfig config = configs.complete(draft, version);
      return new Prepared(
          config,
          PinnedModel.load(config.backend(), config.spec(), memory),
          PinnedModel.memory(config.spec(), memory),
          startNanos);
    } catch (ConfigException e) {
      throw new CompletionException(e);
    } catch (BackendException e) {
      throw new CompletionException(draft.refusal(e));
    }
  }

  /** The last one on this thread, so that a model with one does not queue behind other models. */
  private CompletableFuture<List<ModelInstance>> createInstances(Prepared prepared, String label) {
    List<CompletableFuture<ModelInstance>> futures = new ArrayList<>();
    int others = prepared.config.instances().size() - 1;
    for (PlannedInstance planned : prepared.config.instances()) {
      futures.add(
          CompletableFuture.supplyAsync(
              () -> underWay.during(label, () -> createInstance(prepared.model, planned)),
              others-- == 0 ? Runnable::run : executor));
    }
    return CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new))
        .handle(
            (done, failure) -> {
              if (failure == null) {
                return futures.stream().map(CompletableFuture::join).toList();
              }
              ServingVersion.free(
                  futures.stream()
                      .filter(future -> !future.isCompletedExceptionally())
                      .map(CompletableFuture::join)
                      .toList(),
                  prepared.model);
              throw new CompletionException(failure);
            });
  }

  /** Where its thread will run, since what it allocates lies next to where it is made. */
  private ModelInstance createInstance(LoadedModel model, PlannedInstance planned) {
    Runnable putBack;
    try {
      putBack = placement.place(planned.hostPolicy());
    } catch (IllegalStateException e) {
      throw new CompletionException(
          new ConfigException(
              "instance %s cannot run where host policy '%s' says: %s"
                  .formatted(planned.spec().name(), planned.hostPolicy(), e.getMessage()),
              e));
    }
    try {
      return model.createInstance(planned.spec());
    } catch (BackendException e) {
      throw new CompletionException(e);
    } finally {
      putBack.run();
    }
  }

  private ServingVersion start(
      Prepared prepared, long version, List<ModelInstance> instances, InstanceFaults faults) {
    try {
      return serve(prepared, version, instances, faults);
    } catch (RuntimeException | Error e) {
      ServingVersion.free(instances, prepared.model);
      throw e;
    }
  }

  private ServingVersion serve(
      Prepared prepared, long version, List<ModelInstance> instances, InstanceFaults faults) {
    VersionConfig config = prepared.config;
    List<ScheduledInstance> scheduled = new ArrayList<>();
    for (int i = 0; i < instances.size(); i++) {
      PlannedInstance planned = config.instances().get(i);
      scheduled.add(
          new ScheduledInstance(
              planned.spec().name(),
              instances.get(i),
              planned.passive(),
              planned.gpuUuid(),
              () -> placement.place(planned.hostPolicy())));
    }
    String name = config.config().getName();
    ModelStatistics statistics = new ModelStatistics();
    scheduled.stream()
        .map(ScheduledInstance::gpuUuid)
        .filter(uuid -> !uuid.isEmpty())
        .forEach(statistics::countBy);
    ModelScheduler scheduler =
        new ModelScheduler(
            config.batching(),
            version,
            outputs(config),
            scheduled,
            statistics,
            prepared.memory,
            clock,
            watched(config, faults));
    ModelVersion served =
        new ModelVersion(
            name,
            version,
            config.config(),
            ModelInterface.of(config.config(), config.inputReshapes(), config.labels()),
            scheduler,
            prepared.memory.inputs(),
            devices(scheduled, config),
            statistics);
    try {
      scheduler.start();
    } catch (RuntimeException | Error noMoreThreads) {
      scheduler.close();
      throw noMoreThreads;
    }
    double loadSeconds = (clock.nanoTime() - prepared.startNanos) / 1e9;
    return new ServingVersion(
        served,
        new ModelMeters(name, version, config.config().getMetricTagsMap(), statistics, loadSeconds),
        prepared.model,
        instances);
  }

  /** GPUs in whose own memory an instance uses tensors where they lie. */
  private static Set<Integer> devices(List<ScheduledInstance> scheduled, VersionConfig config) {
    Set<Integer> devices = new HashSet<>();
    for (int i = 0; i < scheduled.size(); i++) {
      InstanceSpec spec = config.instances().get(i).spec();
      if (spec.kind() == InstanceKind.GPU
          && !scheduled.get(i).passive()
          && scheduled.get(i).instance().usesDeviceMemory()) {
        devices.add(spec.device());
      }
    }
    return devices;
  }

  /** The same, which also tells of those on GPUs. */
  private InstanceFaults watched(VersionConfig config, InstanceFaults faults) {
    Set<String> onGpus = new HashSet<>();
    for (PlannedInstance planned : config.instances()) {
      if (planned.spec().kind() == InstanceKind.GPU) {
        onGpus.add(planned.spec().name());
      }
    }
    return (instance, reason, instancesLeft) -> {
      faults.instanceFailed(instance, reason, instancesLeft);
      if (onGpus.contains(instance)) {
        gpuFaults.accept("instance '" + instance + "' failed: " + reason);
      }
    };
  }

  private static List<ModelOutput> outputs(VersionConfig config) {
    List<ModelOutput> outputs = new ArrayList<>();
    for (TensorSpec spec : config.spec().outputs()) {
      Reshape reshape = config.outputReshapes().get(spec.name());
      outputs.add(reshape == null ? new ModelOutput(spec) : new ModelOutput(spec, reshape::apply));
    }
    return outputs;
  }
}
