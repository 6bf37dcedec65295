package dev.nereid.launcher.verify;

import com.sun.jna.ptr.LongByReference;
import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.launcher.verify.Stack.GpuModel;
import dev.nereid.server.config.ConfigException;
import dev.nereid.server.config.ModelConfigLoader;
import dev.nereid.server.config.PlannedInstance;
import dev.nereid.server.config.VersionConfig;
import dev.nereid.server.gpu.CudaContext;
import dev.nereid.server.gpu.CudaDriver;
import dev.nereid.server.gpu.CudaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Models loaded and unloaded again and again in this process: whether GPU memory, page-locked
 * memory and threads stay what they are.
 */
final class CycleChecks {

  /** What engines keep from their first loads on is no leak. */
  private static final int SETTLING = 5;

  private static final double MIB = 1 << 20;
  private static final double ALLOWED_DEVICE_MIB = 64;
  private static final double ALLOWED_HOST_MIB = 128;
  private static final int ALLOWED_THREADS = 4;

  private final Path repository;
  private final Map<String, Backend> backends;
  private final int cycles;

  /**
   * @param backends started, by name
   * @param cycles of each model
   */
  CycleChecks(Path repository, Map<String, Backend> backends, int cycles) {
    this.repository = repository;
    this.backends = Map.copyOf(backends);
    this.cycles = cycles;
  }

  List<Check> of(Stack stack) {
    List<Check> checks = new ArrayList<>();
    for (GpuModel model : stack.models()) {
      // That the others did not start was said.
      if (!backends.containsKey(model.backend())) {
        continue;
      }
      checks.add(
          new Check(
              model.name() + " loads and unloads " + cycles + " times without a trace",
              () -> cycle(model.name())));
    }
    return checks;
  }

  /** What the process and the GPU hold. */
  private record Held(double deviceMib, double residentMib, double lockedMib, int threads) {}

  private String cycle(String model) throws Exception {
    CudaDriver driver = CudaDriver.open();
    try (CudaContext context = driver.retainContext(driver.device(0))) {
      VersionConfig config = config(model);
      for (int i = 0; i < Math.min(SETTLING, cycles); i++) {
        loadAndUnload(config);
      }
      Held before = held(driver, context);
      for (int i = 0; i < cycles; i++) {
        loadAndUnload(config);
      }
      Held after = held(driver, context);
      String seen =
          String.format(
              Locale.ROOT,
              "GPU %.0f to %.0f MiB, resident %.0f to %.0f MiB, locked %.0f to %.0f MiB, threads %d to %d",
              before.deviceMib,
              after.deviceMib,
              before.residentMib,
              after.residentMib,
              before.lockedMib,
              after.lockedMib,
              before.threads,
              after.threads);
      CheckFailure.unless(
          after.deviceMib - before.deviceMib <= ALLOWED_DEVICE_MIB
              && after.residentMib - before.residentMib <= ALLOWED_HOST_MIB
              && after.lockedMib - before.lockedMib <= ALLOWED_DEVICE_MIB
              && after.threads - before.threads <= ALLOWED_THREADS,
          "%s (expected: the same)",
          seen);
      return seen;
    }
  }

  /** Once: to complete it, some engines load the model. */
  private VersionConfig config(String model) throws ConfigException, BackendException {
    ModelConfigLoader configs =
        new ModelConfigLoader(
            name -> {
              Backend backend = backends.get(name);
              if (backend == null) {
                throw new BackendException("backend '" + name + "': not of this stack");
              }
              return backend;
            },
            new ModelConfigLoader.Options(true, Optional.empty(), List.of(0)));
    return configs.complete(configs.read(repository.resolve(model)), 1);
  }

  private static void loadAndUnload(VersionConfig config) throws BackendException {
    List<ModelInstance> instances = new ArrayList<>();
    LoadedModel loaded = config.backend().load(config.spec());
    try {
      for (PlannedInstance planned : config.instances()) {
        instances.add(loaded.createInstance(planned.spec()));
      }
    } finally {
      instances.forEach(ModelInstance::close);
      loaded.close();
    }
  }

  private static Held held(CudaDriver driver, CudaContext context)
      throws CudaException, IOException {
    LongByReference free = new LongByReference();
    LongByReference total = new LongByReference();
    context.run(() -> driver.call("cuMemGetInfo_v2", free, total));
    // What is on the heap and nobody refers to is no leak.
    System.gc();
    Map<String, Double> status = statusKb();
    return new Held(
        (total.getValue() - free.getValue()) / MIB,
        status.getOrDefault("VmRSS", 0.0) / 1024,
        status.getOrDefault("VmLck", 0.0) / 1024 + status.getOrDefault("VmPin", 0.0) / 1024,
        status.getOrDefault("Threads", 0.0).intValue());
  }

  /** The numbers of {@code /proc/self/status}. */
  private static Map<String, Double> statusKb() throws IOException {
    Map<String, Double> numbers = new HashMap<>();
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      String[] words = line.split("\\s+");
      if (words.length >= 2
          && words[1].chars().allMatch(Character::isDigit)
          && !words[1].isEmpty()) {
        numbers.put(words[0].replace(":", ""), Double.valueOf(words[1]));
      }
    }
    return numbers;
  }
}
