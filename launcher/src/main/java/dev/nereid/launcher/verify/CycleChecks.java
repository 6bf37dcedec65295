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
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;

/**
 * Models loaded and unloaded again and again in this process: whether GPU memory, the process's own
 * and its page-locked memory, and threads stay what they are.
 */
final class CycleChecks {

  /** What engines keep from their first loads on is no leak. */
  private static final int SETTLING = 5;

  /** GPU memory is said as often: what grows by each load does so from look to look. */
  private static final int LOOKS = 5;

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

  /** One for all models of the stack, which are loaded at the same time, as a server does it. */
  Check of(Stack stack) {
    // That the others' backends did not start was said.
    List<String> models =
        stack.models().stream()
            .filter(model -> backends.containsKey(model.backend()))
            .map(GpuModel::name)
            .toList();
    return new Check(
        "%d times %s load and unload without a trace".formatted(cycles, String.join(", ", models)),
        () -> cycle(models));
  }

  /** What the process and the GPU hold. */
  private record Held(double deviceMib, double residentMib, double lockedMib, int threads) {

    String device() {
      return String.format(Locale.ROOT, "%.0f", deviceMib);
    }
  }

  private String cycle(List<String> models) throws Exception {
    CudaDriver driver = CudaDriver.open();
    ExecutorService threads = Executors.newFixedThreadPool(Math.max(1, models.size()));
    try (CudaContext context = driver.retainContext(driver.device(0))) {
      List<Callable<Void>> loads = new ArrayList<>();
      for (String model : models) {
        VersionConfig config = config(model);
        loads.add(
            () -> {
              loadAndUnload(config);
              return null;
            });
      }
      for (int i = 0; i < Math.min(SETTLING, cycles); i++) {
        all(threads, loads);
      }
      List<Held> looks = new ArrayList<>(List.of(held(driver, context)));
      for (int i = 0; i < cycles; i++) {
        all(threads, loads);
        if ((i + 1) * LOOKS / cycles > i * LOOKS / cycles) {
          looks.add(held(driver, context));
        }
      }
      Held before = looks.get(0);
      Held after = looks.get(looks.size() - 1);
      String seen =
          String.format(
              Locale.ROOT,
              "GPU %s MiB, resident %.0f to %.0f MiB, page-locked %.0f to %.0f MiB, threads %d to %d",
              looks.stream().map(Held::device).collect(Collectors.joining(", ")),
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
    } finally {
      threads.shutdown();
    }
  }

  private static void all(ExecutorService threads, List<Callable<Void>> loads)
      throws InterruptedException, ExecutionException {
    for (Future<Void> load : threads.invokeAll(loads)) {
      load.get();
    }
    // What is on the heap and nobody refers to is no leak, nor is a heap that is used up to its
    // end.
    System.gc();
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
    Map<String, Double> status = statusKb();
    return new Held(
        (total.getValue() - free.getValue()) / MIB,
        status.getOrDefault("VmRSS", 0.0) / 1024,
        // CUDA's page-locked memory is shared memory to the kernel.
        status.getOrDefault("RssShmem", 0.0) / 1024,
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
