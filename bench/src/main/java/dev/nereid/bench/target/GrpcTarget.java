package dev.nereid.bench.target;

import dev.nereid.bench.target.StatisticsSnapshot.Total;
import dev.nereid.bench.target.TargetDescription.ModelSettings;
import dev.nereid.bench.target.TargetDescription.Server;
import dev.nereid.client.ClientOptions;
import dev.nereid.client.InferCallback;
import dev.nereid.client.InferRequest;
import dev.nereid.client.InferResult;
import dev.nereid.client.InferenceFailure;
import dev.nereid.client.NereidClient;
import dev.nereid.client.PreparedRequest;
import dev.nereid.client.ResponseData;
import dev.nereid.protocol.InferBatchStatistics;
import dev.nereid.protocol.ModelConfig;
import dev.nereid.protocol.ModelInstanceGroup;
import dev.nereid.protocol.ModelMetadataResponse;
import dev.nereid.protocol.ModelStatistics;
import dev.nereid.protocol.ModelStatisticsResponse;
import dev.nereid.protocol.StatisticDuration;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * A model behind KServe v2 over gRPC: Triton, Nereid or any other that speaks it.
 *
 * <p>It needs ModelMetadata and ModelInfer; ServerMetadata, ModelConfig and ModelStatistics add to
 * the report where the server has them. Requests are serialised once, when the target is made;
 * their tensors may lie in shared memory, which is registered then, and unregistered when it is
 * closed.
 */
public final class GrpcTarget implements Target {
  private static final Duration CONTROL_DEADLINE = Duration.ofSeconds(10);

  private final NereidClient client;
  private final TargetOptions options;
  private final List<PreparedRequest> requests;
  private final TargetDescription description;
  private final Optional<SharedTensors> shared;
  private boolean keepsStatistics = true;

  private GrpcTarget(
      NereidClient client,
      TargetOptions options,
      List<PreparedRequest> requests,
      Optional<SharedTensors> shared,
      TargetDescription description) {
    this.client = client;
    this.options = options;
    this.requests = requests;
    this.shared = shared;
    this.description = description;
  }

  /**
   * Connects, asks the server about the model and prepares the requests; blocks meanwhile.
   *
   * @throws TargetException if the server is out of reach, has no such model, or its inputs cannot
   *     be made up
   */
  public static GrpcTarget connect(TargetOptions options) throws TargetException {
    NereidClient client;
    try {
      client =
          NereidClient.connect(
              ClientOptions.of(options.endpoint())
                  .withConnections(options.connections())
                  .withDeadline(CONTROL_DEADLINE));
    } catch (IllegalArgumentException e) {
      throw new TargetException("endpoint: " + options.endpoint() + ": " + e.getMessage(), e);
    }
    try {
      return ask(client, options);
    } catch (TargetException | RuntimeException e) {
      client.close();
      throw e;
    }
  }

  private static GrpcTarget ask(NereidClient client, TargetOptions options) throws TargetException {
    ModelMetadataResponse metadata =
        get(client.modelMetadata(options.model(), options.version()), options);
    Server server =
        optional(client.serverMetadata(), options)
            .map(m -> new Server(m.getName(), m.getVersion(), m.getExtensionsList()))
            .orElse(Server.UNKNOWN);
    Optional<ModelConfig> config =
        optional(client.modelConfig(options.model(), options.version()), options)
            .map(response -> response.getConfig());
    boolean batches =
        config
            .map(c -> c.getMaxBatchSize() > 0)
            .orElseGet(() -> startsVariable(metadata.getInputsList()));
    RequestInputs.checkNames(options.shapes(), metadata.getInputsList());
    RequestInputs inputs = new RequestInputs(options, metadata.getInputsList(), batches);
    List<InferRequest> requests = inputs.make();
    String version =
        options.version().isEmpty()
            ? String.join(",", metadata.getVersionsList())
            : options.version();
    TargetDescription description =
        new TargetDescription(
            options.endpoint(),
            server,
            options.model(),
            version,
            options.rows(),
            RequestInputs.bytes(requests.get(0)),
            inputs.describe(requests.size()),
            config.map(c -> settings(c, metadata.getPlatform())));
    if (!options.sharedMemory().used()) {
      return new GrpcTarget(
          client, options, prepare(client, requests), Optional.empty(), description);
    }
    SharedTensors shared =
        SharedTensors.place(
            client,
            requests,
            metadata.getOutputsList(),
            batches ? options.rows() : 0,
            options.sharedMemory().outputBytes());
    return new GrpcTarget(
        client, options, prepare(client, shared.requests()), Optional.of(shared), description);
  }

  private static List<PreparedRequest> prepare(NereidClient client, List<InferRequest> requests) {
    return requests.stream().map(client::prepare).toList();
  }

  private static boolean startsVariable(List<ModelMetadataResponse.TensorMetadata> inputs) {
    return !inputs.isEmpty()
        && inputs.stream().allMatch(i -> i.getShapeCount() > 0 && i.getShape(0) == -1);
  }

  private static ModelSettings settings(ModelConfig config, String platform) {
    int instances = 0;
    for (ModelInstanceGroup group : config.getInstanceGroupList()) {
      instances += Math.max(1, group.getCount()) * Math.max(1, group.getGpusCount());
    }
    return new ModelSettings(
        platform.isEmpty() ? config.getBackend() : platform,
        config.getMaxBatchSize(),
        Math.max(1, instances),
        config.hasDynamicBatching(),
        config.getDynamicBatching().getPreferredBatchSizeList(),
        config.getDynamicBatching().getMaxQueueDelayMicroseconds() * 1_000);
  }

  @Override
  public TargetDescription description() {
    return description;
  }

  @Override
  public void send(long sequence, ResponseListener listener) {
    PreparedRequest request = requests.get((int) (sequence % requests.size()));
    var unused = client.send(request, options.timeout(), ResponseData.SKIP, new Callback(listener));
  }

  private record Callback(ResponseListener listener) implements InferCallback {
    @Override
    public void onResult(InferResult result) {
      listener.onResponse();
    }

    @Override
    public void onFailure(InferenceFailure failure) {
      listener.onFailure(failure.code().name(), failure.text());
    }
  }

  @Override
  public Optional<StatisticsSnapshot> statistics() throws TargetException {
    if (!keepsStatistics) {
      return Optional.empty();
    }
    Optional<ModelStatisticsResponse> response =
        optional(client.modelStatistics(options.model(), options.version()), options);
    keepsStatistics = response.isPresent();
    return response.map(r -> snapshot(r.getModelStatsList()));
  }

  /** The sum over the versions that the answer names. */
  private static StatisticsSnapshot snapshot(List<ModelStatistics> versions) {
    long rows = 0;
    long executions = 0;
    Total[] totals = new Total[6];
    java.util.Arrays.fill(totals, Total.NONE);
    TreeMap<Long, Total> batches = new TreeMap<>();
    for (ModelStatistics version : versions) {
      rows += version.getInferenceCount();
      executions += version.getExecutionCount();
      var stats = version.getInferenceStats();
      List<StatisticDuration> durations =
          List.of(
              stats.getSuccess(),
              stats.getFail(),
              stats.getQueue(),
              stats.getComputeInput(),
              stats.getComputeInfer(),
              stats.getComputeOutput());
      for (int i = 0; i < totals.length; i++) {
        totals[i] = totals[i].plus(total(durations.get(i)));
      }
      for (InferBatchStatistics batch : version.getBatchStatsList()) {
        long nanos =
            batch.getComputeInput().getNs()
                + batch.getComputeInfer().getNs()
                + batch.getComputeOutput().getNs();
        Total total = new Total(batch.getComputeInfer().getCount(), nanos);
        batches.merge(batch.getBatchSize(), total, Total::plus);
      }
    }
    return new StatisticsSnapshot(
        rows,
        executions,
        totals[0],
        totals[1],
        totals[2],
        totals[3],
        totals[4],
        totals[5],
        batches);
  }

  private static Total total(StatisticDuration duration) {
    return new Total(duration.getCount(), duration.getNs());
  }

  @Override
  public void close() {
    shared.ifPresent(SharedTensors::close);
    client.close();
  }

  /** The answer, or nothing where the server does not have that call. */
  private static <T> Optional<T> optional(CompletableFuture<T> future, TargetOptions options)
      throws TargetException {
    try {
      return Optional.of(future.join());
    } catch (CompletionException e) {
      if (e.getCause() instanceof InferenceFailure failure && isServersWord(failure)) {
        return Optional.empty();
      }
      throw unreachable(e, options);
    }
  }

  /** Triton says UNAVAILABLE where it was built without statistics; a transport gives a cause. */
  private static boolean isServersWord(InferenceFailure failure) {
    return failure.code() != Status.Code.DEADLINE_EXCEEDED
        && (failure.code() != Status.Code.UNAVAILABLE || failure.getCause() == null);
  }

  private static <T> T get(CompletableFuture<T> future, TargetOptions options)
      throws TargetException {
    try {
      return future.join();
    } catch (CompletionException e) {
      throw unreachable(e, options);
    }
  }

  private static TargetException unreachable(CompletionException e, TargetOptions options) {
    Throwable cause = e.getCause() == null ? e : e.getCause();
    return new TargetException(
        options.model() + " at " + options.endpoint() + ": " + cause.getMessage(), cause);
  }
}
