package dev.nereid.bench.target;

import java.util.List;
import java.util.Optional;

/**
 * Who answers.
 *
 * @param endpoint host and port
 * @param server name and version as the server gives them; empty where it does not
 * @param model the model's name
 * @param modelVersion the version asked for, or the versions that the server has; may be empty
 * @param rowsPerRequest rows that each request carries
 * @param requestBytes size of one request's tensors
 * @param input what the tensors hold: {@code random}, {@code zeros} or {@code 12 images}, and
 *     where, if they are not sent
 * @param config how the model is served, where the server says so
 */
public record TargetDescription(
    String endpoint,
    Server server,
    String model,
    String modelVersion,
    int rowsPerRequest,
    long requestBytes,
    String input,
    Optional<ModelSettings> config) {

  /** What the server calls itself. */
  public record Server(String name, String version, List<String> extensions) {
    public static final Server UNKNOWN = new Server("", "", List.of());

    public Server {
      extensions = List.copyOf(extensions);
    }

    @Override
    public String toString() {
      return (name + " " + version).strip();
    }
  }

  /**
   * The settings that decide how a model batches.
   *
   * @param platform the platform or the backend
   * @param maxBatchRows {@code max_batch_size}; 0 where the model does not batch
   * @param instances instances over all groups, at least 1
   * @param dynamicBatching whether requests are joined
   * @param preferredBatchRows {@code preferred_batch_size}
   * @param maxQueueDelayNanos {@code max_queue_delay_microseconds}, in nanoseconds
   */
  public record ModelSettings(
      String platform,
      int maxBatchRows,
      int instances,
      boolean dynamicBatching,
      List<Integer> preferredBatchRows,
      long maxQueueDelayNanos) {
    public ModelSettings {
      preferredBatchRows = List.copyOf(preferredBatchRows);
    }
  }
}
