package dev.nereid.launcher.verify;

import com.sun.jna.ptr.LongByReference;
import dev.nereid.launcher.Home;
import dev.nereid.launcher.verify.Stack.GpuModel;
import dev.nereid.protocol.RepositoryIndexResponse.ModelIndex;
import dev.nereid.server.gpu.CudaContext;
import dev.nereid.server.gpu.CudaDriver;
import dev.nereid.server.gpu.CudaException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;

/** What becomes of models where another process, which is this one, takes the GPUs' memory. */
final class MemoryChecks {

  /** Less than any of the models needs, or a process of its own. */
  private static final long LEFT_BYTES = 48L << 20;

  private static final Duration STARTED = Duration.ofMinutes(3);

  private MemoryChecks() {}

  /** All free memory of one GPU but a little, until it is closed. */
  private static final class TakenGpu implements AutoCloseable {
    private final CudaDriver driver;
    private final CudaContext context;
    private final LongByReference memory = new LongByReference();
    private final LongByReference free = new LongByReference();

    TakenGpu(CudaDriver driver, int index) throws CudaException {
      this.driver = driver;
      context = driver.retainContext(driver.device(index));
      boolean taken = false;
      try {
        LongByReference total = new LongByReference();
        context.run(
            () -> {
              driver.call("cuMemGetInfo_v2", free, total);
              driver.call("cuMemAlloc_v2", memory, Math.max(1, free.getValue() - LEFT_BYTES));
              driver.call("cuMemGetInfo_v2", free, total);
            });
        taken = true;
      } finally {
        if (!taken) {
          context.close();
        }
      }
    }

    @Override
    public void close() throws CudaException {
      try {
        context.run(() -> driver.call("cuMemFree_v2", memory.getValue()));
      } finally {
        context.close();
      }
    }
  }

  /** The same of every GPU that this process sees, as models have instances on each. */
  private static final class Taken implements AutoCloseable {
    private final List<TakenGpu> gpus = new ArrayList<>();

    Taken() throws CudaException {
      CudaDriver driver = CudaDriver.open();
      int count = driver.deviceCount();
      try {
        for (int index = 0; index < count; index++) {
          gpus.add(new TakenGpu(driver, index));
        }
      } finally {
        if (gpus.size() < count) {
          close();
        }
      }
    }

    String left() {
      return gpus.stream()
          .map(gpu -> gpu.free.getValue() / (1 << 20) + " MiB left")
          .collect(Collectors.joining(", "));
    }

    /** Each, also where another could not be. */
    @Override
    public void close() throws CudaException {
      CudaException failure = null;
      for (TakenGpu gpu : gpus) {
        try {
          gpu.close();
        } catch (CudaException e) {
          failure = e;
        }
      }
      if (failure != null) {
        throw failure;
      }
    }
  }

  /** A request is answered or fails by the lack of memory; later ones are answered. */
  static String whileLoaded(ServedModels served, String model) throws CudaException, CheckFailure {
    int rows = Math.min(3, served.maxBatchSize(model));
    String then;
    try (Taken taken = new Taken()) {
      then = taken.left() + ": " + served.answer(model, 0, rows).length + " values";
    } catch (CompletionException e) {
      then = ofMemory(String.valueOf(e.getCause()));
    }
    CheckFailure.unless(served.client().serverLive().join(), "not live after: %s", then);
    return then + "; afterwards " + served.answer(model, 0, rows).length + " values";
  }

  /**
   * A server that starts without GPU memory is there for what runs without.
   *
   * @param reference a model on the CPU
   */
  static String atLoad(Stack stack, Path root, Path repository, String reference) throws Exception {
    List<String> flags = List.of("--exit-on-error=false", "--strict-readiness=false");
    try (Taken taken = new Taken();
        ServedModels served =
            new ServedModels(Home.folder(), repository, flags, root.resolve("no-memory.log"))) {
      served.awaitReady(STARTED);
      String reason = "";
      for (GpuModel model : stack.models()) {
        ModelIndex row = served.index(model.name());
        CheckFailure.unless(
            row.getState().equals("UNAVAILABLE"),
            "%s: %s (expected: UNAVAILABLE)",
            model.name(),
            row.getState());
        reason = ofMemory(row.getReason());
      }
      int values = served.answer(reference, 0, 1).length;
      return "%s: %s; %s answers %d values".formatted(taken.left(), reason, reference, values);
    }
  }

  /** An error, which must be one of memory. */
  private static String ofMemory(String message) throws CheckFailure {
    String words = message.toLowerCase(Locale.ROOT);
    CheckFailure.unless(
        words.contains("memory") || words.contains("alloc"),
        "%s (expected: an error that names memory)",
        message);
    return message;
  }
}
