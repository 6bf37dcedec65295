package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.tensorflow.gpu.FreedMemory;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * A SavedModel in memory: a session on every device that its instances are on, which all instances
 * of that device share. TensorFlow allows a session any number of threads.
 */
final class TensorFlowModel implements LoadedModel {

  private final Placing placing;
  private final Map<Device, PlacedModel> placed;
  private final Map<Device, Integer> instances;

  /**
   * Where instances are.
   *
   * @param index of the GPU; 0 on the CPU
   */
  record Device(InstanceKind kind, int index) {
    static Device of(InstanceSpec instance) {
      return new Device(
          instance.kind(), instance.kind() == InstanceKind.CPU ? 0 : instance.device());
    }
  }

  /** Puts the model on a device; blocks until it is ready there. */
  interface Placing {
    PlacedModel on(Device device) throws BackendException;
  }

  private TensorFlowModel(
      Placing placing, Map<Device, PlacedModel> placed, Map<Device, Integer> instances) {
    this.placing = placing;
    this.placed = new HashMap<>(placed);
    this.instances = Map.copyOf(instances);
  }

  /**
   * Puts the model on the devices of its instances, all at the same time.
   *
   * @throws BackendException if one of them fails; the model is on none then
   */
  static TensorFlowModel on(List<InstanceSpec> instances, Placing placing) throws BackendException {
    Map<Device, FutureTask<PlacedModel>> tasks = new LinkedHashMap<>();
    Map<Device, Integer> counts = new HashMap<>();
    for (InstanceSpec instance : instances) {
      Device device = Device.of(instance);
      counts.merge(device, 1, Integer::sum);
      tasks.computeIfAbsent(device, where -> new FutureTask<>(() -> placing.on(where)));
    }
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    // The last one on this thread, which would only wait otherwise.
    int others = tasks.size() - 1;
    for (Map.Entry<Device, FutureTask<PlacedModel>> task : tasks.entrySet()) {
      if (others-- == 0) {
        task.getValue().run();
      } else {
        Thread thread = new Thread(task.getValue(), "tensorflow-load-" + task.getKey().index());
        thread.setDaemon(true);
        thread.setContextClassLoader(loader);
        thread.start();
      }
    }
    return gathered(tasks, placing, counts);
  }

  private static TensorFlowModel gathered(
      Map<Device, FutureTask<PlacedModel>> tasks, Placing placing, Map<Device, Integer> counts)
      throws BackendException {
    Map<Device, PlacedModel> placed = new HashMap<>();
    Throwable failure = null;
    for (Map.Entry<Device, FutureTask<PlacedModel>> task : tasks.entrySet()) {
      try {
        placed.put(task.getKey(), Uninterrupted.get(task.getValue()));
      } catch (ExecutionException e) {
        failure = e.getCause() == null ? e : e.getCause();
      }
    }
    if (failure == null) {
      FreedMemory.giveBack();
      return new TensorFlowModel(placing, placed, counts);
    }
    placed.values().forEach(PlacedModel::close);
    FreedMemory.giveBack();
    if (failure instanceof BackendException refused) {
      throw refused;
    }
    if (failure instanceof Error error) {
      throw error;
    }
    throw new IllegalStateException("the model cannot be loaded", failure);
  }

  @Override
  public ModelInstance createInstance(InstanceSpec instance) throws BackendException {
    Device device = Device.of(instance);
    PlacedModel model;
    synchronized (placed) {
      model = placed.get(device);
      if (model == null) {
        // Of a caller that makes other instances than it announced.
        model = placing.on(device);
        placed.put(device, model);
      }
    }
    return model.createInstance(instance.name(), instances.getOrDefault(device, 1));
  }

  @Override
  public void close() {
    synchronized (placed) {
      placed.values().forEach(PlacedModel::close);
      placed.clear();
    }
    FreedMemory.giveBack();
  }
}
