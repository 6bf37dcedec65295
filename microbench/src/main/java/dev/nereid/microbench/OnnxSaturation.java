package dev.nereid.microbench;

import ai.onnxruntime.OrtException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;

/**
 * What the server adds to ONNX Runtime: ResNet-50 through the server at saturation, beside a bare
 * session loop with the same threads and batch, in turn, in one run on one machine.
 *
 * <p>A round is a window of the bare loop and then one of the server; while one works, the other
 * waits and takes no CPU. The ratio is taken round by round, so that a drifting machine disturbs
 * both alike.
 *
 * <p>At some tens of requests a second it takes a JVM many minutes to compile the code that carries
 * them, and until then that code takes several times its time from the engine. So another model of
 * the same input, that answers at once, first warms client and server.
 *
 * <p>Arguments: {@code MODEL_FILE HOST:PORT MODEL WARMING_MODEL [THREADS [BATCH [CONCURRENCY
 * [ROUNDS [SECONDS [GPU]]]]]]}; with a GPU's index the bare loop runs there, and takes the
 * libraries of {@code ort-gpu} ({@code LD_LIBRARY_PATH}, {@code -Donnxruntime.native.path})
 */
public final class OnnxSaturation {

  private static final long WARMING_NANOS = 30_000_000_000L;

  private OnnxSaturation() {}

  public static void main(String[] args) throws OrtException, InterruptedException {
    if (args.length < 4) {
      System.err.println(
          "arguments: "
              + args.length
              + " (expected: MODEL_FILE HOST:PORT MODEL WARMING_MODEL [THREADS [BATCH [CONCURRENCY"
              + " [ROUNDS [SECONDS [GPU]]]]]])");
      System.exit(1);
    }
    int threads = number(args, 4, 2);
    int batch = number(args, 5, 8);
    int concurrency = number(args, 6, 2 * batch);
    int rounds = number(args, 7, 5);
    long windowNanos = number(args, 8, 10) * 1_000_000_000L;
    ClosedLoop server = new ClosedLoop(args[1], args[2], batch, concurrency);
    new ClosedLoop(args[1], args[3], 1, concurrency).imagesPerSecond(WARMING_NANOS);
    List<Double> ratios = new ArrayList<>();
    OptionalInt gpu =
        args.length > 9 ? OptionalInt.of(Integer.parseInt(args[9])) : OptionalInt.empty();
    try (BareOnnxLoop bare = new BareOnnxLoop(Path.of(args[0]), threads, batch, gpu)) {
      bare.imagesPerSecond(windowNanos / 2);
      server.imagesPerSecond(windowNanos / 2);
      System.out.printf(
          Locale.ROOT, "%-8s%16s%16s%10s%n", "round", "bare images/s", "server images/s", "ratio");
      for (int round = 1; round <= rounds; round++) {
        double bareRate = bare.imagesPerSecond(windowNanos);
        double serverRate = server.imagesPerSecond(windowNanos);
        ratios.add(serverRate / bareRate);
        System.out.printf(
            Locale.ROOT,
            "%-8d%16.2f%16.2f%10.3f%n",
            round,
            bareRate,
            serverRate,
            serverRate / bareRate);
      }
    }
    List<Double> sorted = ratios.stream().sorted().toList();
    System.out.printf(
        Locale.ROOT,
        "median ratio %.3f (%.3f–%.3f), %d threads, batch %d, %d requests in flight%n",
        sorted.get(sorted.size() / 2),
        sorted.get(0),
        sorted.get(sorted.size() - 1),
        threads,
        batch,
        concurrency);
  }

  private static int number(String[] args, int index, int otherwise) {
    return args.length > index ? Integer.parseInt(args[index]) : otherwise;
  }
}
