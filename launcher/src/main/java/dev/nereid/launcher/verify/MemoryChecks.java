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
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletionException;

/** What becomes of models where another process, which is this one, takes the GPU's memory. */
final class MemoryChecks {

  /** Less than any of the models needs, or a process of its own. */
  private static final long LEFT_BYTES = 48L << 20;

  private static final Duration STARTED = Duration.ofMinutes(3);

  private MemoryChecks() {}

  /** All of the GPU's free memory but a little, until it is closed. */
  private static final class Taken implements AutoCloseable {
    private final CudaDriver driver;
    private final CudaContext context;
    private final LongByReference memory = new LongByReference();
    private final LongByReference free = new LongByReference();

    Taken() throws CudaException {
      driver = CudaDriver.open();
      context = driver.retainContext(driver.device(0));
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

    String left() {
      return free.getValue() / (1 << 20) + " MiB left";
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
