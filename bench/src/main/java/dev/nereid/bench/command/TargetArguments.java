package dev.nereid.bench.command;

import dev.nereid.bench.target.TargetOptions;
import dev.nereid.bench.target.TargetOptions.Input;
import dev.nereid.bench.target.TargetOptions.SharedMemory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** Which model, where, and with what requests. Filled by picocli. */
@SuppressWarnings("NullAway.Init") // picocli sets the required ones
final class TargetArguments {
  @Option(
      names = {"-m", "--model"},
      required = true,
      paramLabel = "MODEL",
      description = "The model to measure.")
  private String model;

  @Option(
      names = {"-x", "--model-version"},
      defaultValue = "",
      paramLabel = "VERSION",
      description = "Its version; the server's choice by default.")
  private String version;

  @Option(
      names = {"-u", "--url"},
      defaultValue = "localhost:8001",
      paramLabel = "HOST:PORT",
      description = "The server's gRPC endpoint. Default: ${DEFAULT-VALUE}.")
  private String url;

  @Option(
      names = {"-i", "--protocol"},
      defaultValue = "grpc",
      paramLabel = "PROTOCOL",
      description = "grpc. (HTTP is not supported yet.)")
  private String protocol;

  @Option(
      names = {"-b", "--rows", "--batch-size"},
      defaultValue = "1",
      paramLabel = "N",
      description = "Rows in each request. Default: ${DEFAULT-VALUE}.")
  private int rows;

  @Option(
      names = "--shape",
      paramLabel = "NAME:D,D",
      description =
          "Dimensions of an input that leaves some open, without the batch dimension. Repeatable.")
  private List<String> shapes = new ArrayList<>();

  @ArgGroup(exclusive = true)
  private @Nullable InputChoice input;

  @Option(
      names = "--shared-memory",
      defaultValue = "none",
      paramLabel = "KIND",
      description =
          "system: put the inputs into shared memory once, and have the outputs written there; for a server"
              + " on this machine that allows it (--allow-client-shm=true). Default: ${DEFAULT-VALUE}.")
  private String sharedMemory;

  @Option(
      names = "--output-shared-memory-size",
      defaultValue = "102400",
      paramLabel = "BYTES",
      description =
          "With it, the room for each output whose size the model leaves open. Default: ${DEFAULT-VALUE}.")
  private long outputBytes;

  @Option(
      names = "--connections",
      defaultValue = "2",
      paramLabel = "N",
      description = "HTTP/2 connections; each is one core's work. Default: ${DEFAULT-VALUE}.")
  private int connections;

  @Option(
      names = "--timeout",
      defaultValue = "10s",
      converter = Durations.class,
      paramLabel = "DURATION",
      description = "Deadline of each request, which then has failed. Default: ${DEFAULT-VALUE}.")
  private Duration timeout;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Of arrivals and random inputs. Default: a fresh one, which is reported.")
  private @Nullable Long seed;

  private static final class InputChoice {
    @Option(
        names = "--images",
        paramLabel = "DIR",
        description =
            "Send the JPEG and PNG files of a directory, as RGB, resized to the input's height and width"
                + " (bilinear), values 0 to 255.")
    private @Nullable Path images;

    @Option(
        names = "--input",
        paramLabel = "KIND",
        description = "Send tensors of random numbers or zeros: random (the default) or zeros.")
    private @Nullable String kind;
  }

  /**
   * The options in the target's own words.
   *
   * @throws IllegalArgumentException if one of them is wrong
   */
  TargetOptions options() {
    if (protocol.equalsIgnoreCase("http")) {
      throw new IllegalArgumentException(
          "protocol: http (expected: grpc; HTTP is not supported yet)");
    }
    if (!protocol.equalsIgnoreCase("grpc")) {
      throw new IllegalArgumentException("protocol: " + protocol + " (expected: grpc)");
    }
    Map<String, List<Long>> byName = new HashMap<>();
    for (String shape : shapes) {
      Map.Entry<String, List<Long>> entry = TargetOptions.parseShape(shape);
      byName.put(entry.getKey(), entry.getValue());
    }
    return new TargetOptions(
        url, model, version, rows, byName, input(), seed(), connections, timeout, sharedMemory());
  }

  /** The seed given, or one drawn at the first call. */
  long seed() {
    if (seed == null) {
      // Short enough to be typed again.
      seed = System.nanoTime() % 1_000_000_000L;
    }
    return seed;
  }

  private SharedMemory sharedMemory() {
    // Checked also where it is not used.
    SharedMemory system = SharedMemory.system(outputBytes);
    return switch (sharedMemory.toLowerCase(Locale.ROOT)) {
      case "none" -> SharedMemory.NONE;
      case "system" -> system;
      default ->
          throw new IllegalArgumentException(
              "shared-memory: " + sharedMemory + " (expected: none or system)");
    };
  }

  private Input input() {
    if (input != null && input.images != null) {
      return Input.images(input.images);
    }
    String kind = input == null || input.kind == null ? "random" : input.kind;
    return switch (kind.toLowerCase(Locale.ROOT)) {
      case "random" -> Input.random();
      case "zeros", "zero" -> Input.zeros();
      default ->
          throw new IllegalArgumentException("input: " + kind + " (expected: random or zeros)");
    };
  }
}
