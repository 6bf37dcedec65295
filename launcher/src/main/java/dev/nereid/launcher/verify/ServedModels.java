package dev.nereid.launcher.verify;

import dev.nereid.bench.target.MetricsPage;
import dev.nereid.client.ClientOptions;
import dev.nereid.client.InferRequest;
import dev.nereid.client.InferResult;
import dev.nereid.client.NereidClient;
import dev.nereid.launcher.ServerProcess;
import dev.nereid.protocol.ModelMetadataResponse;
import dev.nereid.protocol.ModelStatistics;
import dev.nereid.protocol.RepositoryIndexResponse.ModelIndex;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A server of this distribution with a repository of ours, and a client of it. */
final class ServedModels implements AutoCloseable {

  private static final Duration CALL = Duration.ofSeconds(60);
  private static final Duration PAGE = Duration.ofSeconds(10);

  private final ServerProcess server;
  private @Nullable NereidClient client;

  /** Starts it without waiting. */
  ServedModels(Path home, Path repository, List<String> flags, Path log) throws IOException {
    server = ServerProcess.start(home, repository, flags, Map.of(), log);
  }

  /**
   * Waits until the server takes requests.
   *
   * @throws IOException if it ends before, or takes longer
   */
  void awaitReady(Duration patience) throws IOException, InterruptedException {
    server.awaitReady(patience);
  }

  ServerProcess server() {
    return server;
  }

  /**
   * Connected when it is first asked for, which is to be once the server is ready: calls on a
   * connection that was refused fail at once for a second or more, a server there or not.
   */
  NereidClient client() {
    NereidClient connected = client;
    if (connected == null) {
      connected = NereidClient.connect(ClientOptions.of(server.endpoint()).withDeadline(CALL));
      client = connected;
    }
    return connected;
  }

  MetricsPage metrics() throws IOException {
    try {
      return MetricsPage.read(server.metrics(), PAGE);
    } catch (IOException e) {
      throw new IOException(server.metrics() + ": " + e.getMessage(), e);
    }
  }

  ModelMetadataResponse metadata(String model) {
    return client().modelMetadata(model, "").join();
  }

  int maxBatchSize(String model) {
    return client().modelConfig(model, "").join().getConfig().getMaxBatchSize();
  }

  /** The model's row of the index. */
  ModelIndex index(String model) throws CheckFailure {
    for (ModelIndex row : client().repositoryIndex(false).join().getModelsList()) {
      if (row.getName().equals(model)) {
        return row;
      }
    }
    throw new CheckFailure("model '" + model + "': not in the repository's index");
  }

  /** The names of all models, which must be ready. */
  String allReady() throws CheckFailure {
    List<String> names = new ArrayList<>();
    for (ModelIndex row : client().repositoryIndex(false).join().getModelsList()) {
      CheckFailure.unless(
          row.getState().equals("READY"),
          "model '%s': %s: %s (expected: READY)",
          row.getName(),
          row.getState(),
          row.getReason());
      names.add(row.getName());
    }
    return String.join(", ", names);
  }

  ModelStatistics statistics(String model) {
    return client().modelStatistics(model, "").join().getModelStats(0);
  }

  /** The only output's values for pictures {@code first} to {@code first + rows - 1}. */
  float[] answer(String model, int first, int rows) throws CheckFailure {
    InferRequest request =
        InferRequest.to(model).input(Pictures.rows(metadata(model), first, rows)).build();
    InferResult result = client().infer(request).join();
    return result.output(result.outputs().get(0).name()).floats();
  }

  @Override
  public void close() {
    NereidClient connected = client;
    if (connected != null) {
      connected.close();
    }
    server.close();
  }
}
