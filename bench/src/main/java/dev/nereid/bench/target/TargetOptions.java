package dev.nereid.bench.target;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which model to measure, and with what.
 *
 * @param endpoint {@code host:port} of the gRPC endpoint
 * @param model the model's name
 * @param version its version; empty for the server's choice
 * @param rows rows in each request, at least 1
 * @param shapes dimensions of inputs whose metadata leave some open, without the batch dimension
 * @param input what the tensors hold
 * @param seed of random inputs
 * @param connections HTTP/2 connections; one is one core's work
 * @param timeout of each request; one that takes longer has failed
 * @param sharedMemory where the tensors of requests and answers lie
 */
public record TargetOptions(
    String endpoint,
    String model,
    String version,
    int rows,
    Map<String, List<Long>> shapes,
    Input input,
    long seed,
    int connections,
    Duration timeout,
    SharedMemory sharedMemory) {

  public TargetOptions {
    shapes = Map.copyOf(shapes);
    if (rows < 1) {
      throw new IllegalArgumentException("rows: " + rows + " (expected: >= 1)");
    }
    if (connections < 1) {
      throw new IllegalArgumentException("connections: " + connections + " (expected: >= 1)");
    }
    if (timeout.isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException("timeout: " + timeout + " (expected: > 0)");
    }
  }

  /** One row of random numbers a request, two connections, a timeout of 10 s. */
  public static TargetOptions of(String endpoint, String model) {
    return new TargetOptions(
        endpoint,
        model,
        "",
        1,
        Map.of(),
        Input.random(),
        1,
        2,
        Duration.ofSeconds(10),
        SharedMemory.NONE);
  }

  /** The same with pictures. */
  public TargetOptions withInput(Input newInput) {
    return new TargetOptions(
        endpoint, model, version, rows, shapes, newInput, seed, connections, timeout, sharedMemory);
  }

  /** The same with its tensors elsewhere. */
  public TargetOptions withSharedMemory(SharedMemory newSharedMemory) {
    return new TargetOptions(
        endpoint, model, version, rows, shapes, input, seed, connections, timeout, newSharedMemory);
  }

  /**
   * Where tensors lie.
   *
   * @param used in shared memory of the system, so that a server on the same machine reads and
   *     writes them there; otherwise they are sent
   * @param outputBytes the room for each output whose size the model's metadata leave open
   */
  public record SharedMemory(boolean used, long outputBytes) {

    /** Tensors are sent. */
    public static final SharedMemory NONE = new SharedMemory(false, 0);

    public SharedMemory {
      if (outputBytes < 0) {
        throw new IllegalArgumentException(
            "output-shared-memory-size: " + outputBytes + " (expected: >= 0)");
      }
    }

    /** In the system's. */
    public static SharedMemory system(long outputBytes) {
      return new SharedMemory(true, outputBytes);
    }
  }

  /**
   * What the tensors hold.
   *
   * @param kind random numbers, zeros, or pictures
   * @param images the pictures' directory, for {@link Kind#IMAGES}
   */
  public record Input(Kind kind, Optional<Path> images) {

    /** The sources. */
    public enum Kind {
      RANDOM,
      ZEROS,
      IMAGES
    }

    public static Input random() {
      return new Input(Kind.RANDOM, Optional.empty());
    }

    public static Input zeros() {
      return new Input(Kind.ZEROS, Optional.empty());
    }

    public static Input images(Path directory) {
      return new Input(Kind.IMAGES, Optional.of(directory));
    }
  }

  /** Reads {@code NAME:d,d,…} into a name and its dimensions. */
  public static Map.Entry<String, List<Long>> parseShape(String text) {
    int colon = text.lastIndexOf(':');
    try {
      if (colon > 0) {
        List<Long> dimensions =
            Arrays.stream(text.substring(colon + 1).split(",", -1)).map(Long::valueOf).toList();
        if (dimensions.stream().allMatch(d -> d >= 0)) {
          return Map.entry(text.substring(0, colon), dimensions);
        }
      }
    } catch (NumberFormatException e) {
      // Said below, with the text.
    }
    throw new IllegalArgumentException(
        "shape: " + text + " (expected: NAME:d,d such as input:224,224,3)");
  }
}
