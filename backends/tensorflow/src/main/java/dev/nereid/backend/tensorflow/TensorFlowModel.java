package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.tensorflow.gpu.FreedMemory;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * A SavedModel in memory: a session on every device that its instances are on, which all instances
 * of that device share. TensorFlow allows a session any number of threads.
 */
final class TensorFlowModel implements LoadedModel {

  private final ModelSpec spec;
  private final Placing placing;
  private final Map<Device, PlacedModel> placed;

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

  private TensorFlowModel(ModelSpec spec, Placing placing, Map<Device, PlacedModel> placed) {
    this.spec = spec;
    this.placing = placing;
    this.placed = new HashMap<>(placed);
  }

  /**
   * Puts the model on the devices of its instances, all at the same time.
   *
   * @throws BackendException if one of them fails; the model is on none then
   */
  static TensorFlowModel on(ModelSpec spec, Placing placing) throws BackendException {
    Map<Device, FutureTask<PlacedModel>> tasks = new LinkedHashMap<>();
    for (InstanceSpec instance : spec.instances()) {
      Device device = Device.of(instance);
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
    return gathered(spec, tasks, placing);
  }

  private static TensorFlowModel gathered(
      ModelSpec spec, Map<Device, FutureTask<PlacedModel>> tasks, Placing placing)
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
      return new TensorFlowModel(spec, placing, placed);
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
    return model.createInstance(instance.name(), spec.depth(instance));
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
