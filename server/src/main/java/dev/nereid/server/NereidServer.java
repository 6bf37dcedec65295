package dev.nereid.server;

import dev.nereid.backend.BackendProvider;
import dev.nereid.server.backend.BackendRegistry;
import dev.nereid.server.backend.IdentityBackend;
import dev.nereid.server.config.ModelConfigLoader;
import dev.nereid.server.endpoint.grpc.GrpcEndpoint;
import dev.nereid.server.endpoint.grpc.GrpcEndpointOptions;
import dev.nereid.server.endpoint.grpc.ServerIdentity;
import dev.nereid.server.gpu.GpuDevices;
import dev.nereid.server.gpu.GpuTelemetry;
import dev.nereid.server.host.HostPolicies;
import dev.nereid.server.memory.DeviceMemory;
import dev.nereid.server.memory.PinnedMemory;
import dev.nereid.server.memory.SharedRegions;
import dev.nereid.server.memory.TensorMemory;
import dev.nereid.server.metrics.HostMetrics;
import dev.nereid.server.metrics.MetricsPage;
import dev.nereid.server.metrics.MetricsService;
import dev.nereid.server.metrics.ModelCollector;
import dev.nereid.server.repository.ModelRepository;
import dev.nereid.server.scheduling.SystemClock;
import dev.nereid.server.scheduling.ThreadPlacement;
import io.netty.util.internal.PlatformDependent;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A whole server in this process. The rooms are wired in the constructor, from the engines up to
 * the ports, and closed in the opposite order.
 *
 * <ul>
 *   <li>{@link #open} opens the ports: the server is live, and not ready.
 *   <li>{@link #load} loads the models: the server is ready.
 *   <li>{@link #stop} makes it not ready at once, lets requests under way finish, and closes it.
 * </ul>
 *
 * Thread-safe.
 */
public final class NereidServer implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(NereidServer.class);

  private static final Duration FOR_EVER = Duration.ofDays(365);

  /** For answers that are on their way when the timeout of a stop expires. */
  private static final Duration LAST_ANSWERS = Duration.ofSeconds(1);

  private final ServerOptions options;
  private final Resources resources;
  private final CompletableFuture<String> gpuFault = new CompletableFuture<>();
  private final ModelRepository repository;
  private final @Nullable MetricsService metrics;
  private final @Nullable GrpcEndpoint grpc;

  private NereidServer(
      ServerOptions options, List<BackendProvider> builtIn, GpuDevices gpus, Resources resources)
      throws StartException {
    this.options = options;
    this.resources = resources;
    RepositoryOptions models = options.repository();

    BackendRegistry backends =
        new BackendRegistry(
            Distribution.backendDirectories(models.backendDirectory()),
            models.backendSettings(),
            builtIn);
    ModelConfigLoader configs =
        new ModelConfigLoader(
            backends::backend,
            new ModelConfigLoader.Options(
                models.autoComplete(),
                models.configName(),
                UsableGpus.of(gpus, options.devices().minComputeCapability())));
    TensorMemory memory = new TensorMemory(tensorMemoryBytes());
    GpuMemory gpuMemory = GpuMemory.of(gpus.driver());
    PinnedMemory pinned =
        resources.add(
            new PinnedMemory(memory, gpuMemory.pageLocking(), options.memory().pinnedPoolBytes()));
    SharedRegions regions =
        resources.add(sharedRegions(options.memory(), pinned, gpuMemory.shared()));
    SystemClock clock = resources.add(new SystemClock());

    ModelCollector collector = new ModelCollector(options.metrics().counterLatencies());
    metrics = options.metrics().allowed() ? metrics(collector, pinned, gpus) : null;
    repository = repository(configs, pinned, clock, collector);
    // Closed after the repository, and never under a load that a stop did not wait for.
    resources.add(() -> repository.afterLoading(backends::close));
    resources.add(repository);
    grpc = options.grpc().isPresent() ? grpc(options.grpc().get(), memory, regions) : null;
  }

  private static SharedRegions sharedRegions(
      MemoryOptions memory, PinnedMemory pinned, DeviceMemory devices) throws StartException {
    if (!memory.clientSharedMemory()) {
      return SharedRegions.disallowed();
    }
    try {
      return SharedRegions.allowed(pinned::lock, devices);
    } catch (UnsupportedOperationException e) {
      throw new StartException(
          "Internal - --allow-client-shm: true (expected: false, since this machine does not let it"
              + " be): "
              + e.getMessage(),
          e);
    }
  }

  private GrpcEndpoint grpc(
      GrpcEndpointOptions endpoint, TensorMemory memory, SharedRegions regions)
      throws StartException {
    try {
      GrpcEndpoint grpc =
          GrpcEndpoint.start(
              endpoint.withMaxMessageBytes(
                  Math.min(endpoint.maxMessageBytes(), largestMessageBytes())),
              new ServerIdentity(options.id(), version()),
              repository,
              memory,
              regions);
      resources.add(() -> finish(grpc));
      return grpc;
    } catch (IOException e) {
      throw new StartException("Unavailable - " + e.getMessage(), e);
    }
  }

  /**
   * Answers what was taken, however long that takes: {@link #stop} has the limit, and ends the
   * process where it is over.
   */
  private void finish(GrpcEndpoint grpc) throws InterruptedException {
    grpc.drain();
    repository.stopAccepting();
    grpc.shutdown(FOR_EVER);
  }

  private static String version() {
    String version = NereidServer.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }

  private ModelRepository repository(
      ModelConfigLoader configs, PinnedMemory memory, SystemClock clock, ModelCollector collector)
      throws StartException {
    RepositoryOptions models = options.repository();
    try {
      return new ModelRepository(
          models.directories(),
          configs,
          memory,
          clock,
          collector,
          models.strictReadiness(),
          gpuFault::complete,
          placement());
    } catch (IOException e) {
      throw new StartException("Internal - " + e.getMessage(), e);
    }
  }

  private ThreadPlacement placement() throws StartException {
    try {
      return new HostPolicies(options.devices().hostPolicies(), Path.of("/sys"))::place;
    } catch (IllegalArgumentException e) {
      throw new StartException("Invalid argument - " + e.getMessage(), e);
    }
  }

  private MetricsService metrics(ModelCollector collector, PinnedMemory memory, GpuDevices gpus)
      throws StartException {
    MetricsOptions shown = options.metrics();
    MetricsPage page = new MetricsPage(collector);
    page.tensorMemory(memory.ordinary()::usedBytes);
    page.pinnedMemory(memory::totalBytes, memory::usedBytes);
    MetricsService service;
    try {
      service =
          resources.add(
              MetricsService.open(
                  new InetSocketAddress(shown.address(), shown.port()), page::text));
    } catch (IOException e) {
      throw portTaken("--metrics-port", "--metrics-address", shown.address(), shown.port(), e);
    }
    if (shown.cpu()) {
      HostMetrics host = new HostMetrics(page.registry(), Path.of("/proc"));
      if (host.isReadable()) {
        service.every(shown.interval(), host::poll);
      }
    }
    if (shown.gpu()) {
      GpuTelemetry.open(gpus, shown.dcgm(), shown.interval())
          .ifPresent(
              telemetry -> {
                resources.add(telemetry);
                page.add(telemetry);
                telemetry.start(shown.interval());
              });
    }
    return service;
  }

  private static StartException portTaken(
      String portFlag, String addressFlag, String address, int port, IOException cause) {
    return new StartException(
        "Unavailable - %s: %d (expected: a port that is free on %s of %s): %s"
            .formatted(portFlag, port, addressFlag, address, cause.getMessage()),
        cause);
  }

  /** Most of the direct memory that this JVM may have; the rest is for the network. */
  private static long tensorMemoryBytes() {
    return Math.max(1, PlatformDependent.maxDirectMemory() / 4 * 3);
  }

  /**
   * No message is larger than what the network has: it lies there until its last byte has come, and
   * one that did not fit would take the connections of others with it.
   */
  private static int largestMessageBytes() {
    return (int) Math.max(1, Math.min(Integer.MAX_VALUE, PlatformDependent.maxDirectMemory() / 4));
  }

  /**
   * Finds the models and opens the ports.
   *
   * @throws StartException if a repository cannot be read or a port cannot be had; nothing stays
   *     open then
   */
  public static NereidServer open(ServerOptions options) throws StartException {
    return open(options, List.of(IdentityBackend.provider()));
  }

  /**
   * The same with other engines built in, for tests.
   *
   * @param builtIn found before those of {@code --backend-directory}
   */
  static NereidServer open(ServerOptions options, List<BackendProvider> builtIn)
      throws StartException {
    return open(options, builtIn, GpuDevices.find());
  }

  /**
   * The same on other GPUs, for tests.
   *
   * @param gpus what this machine has
   */
  static NereidServer open(ServerOptions options, List<BackendProvider> builtIn, GpuDevices gpus)
      throws StartException {
    Resources resources = new Resources();
    try {
      return new NereidServer(options, builtIn, gpus, resources);
    } catch (StartException | RuntimeException | Error e) {
      resources.close();
      throw e;
    }
  }

  /** {@link #open} and {@link #load}; a server that cannot load is closed again. */
  public static NereidServer start(ServerOptions options) throws StartException {
    NereidServer server = open(options);
    try {
      server.load();
      return server;
    } catch (StartException | RuntimeException | Error e) {
      server.close();
      throw e;
    }
  }

  /**
   * Loads every model. Blocks. Call once.
   *
   * @throws StartException if one fails and {@code --exit-on-error} is true; the server is still
   *     open then
   */
  public void load() throws StartException {
    if (!repository.loadAll(options.repository().loadThreads())
        && options.repository().exitOnError()) {
      throw new StartException("Internal - failed to load all models");
    }
  }

  /** Completed when an instance on a GPU can never run again, with what failed. */
  public CompletableFuture<String> gpuFault() {
    return gpuFault.copy();
  }

  /** Where gRPC is; empty with {@code --allow-grpc=false}. */
  public OptionalInt grpcPort() {
    return grpc == null ? OptionalInt.empty() : OptionalInt.of(grpc.port());
  }

  /** Where the metrics page is; empty with {@code --allow-metrics=false}. */
  public OptionalInt metricsPort() {
    return metrics == null ? OptionalInt.empty() : OptionalInt.of(metrics.address().getPort());
  }

  /**
   * Stops gracefully: not ready at once, no new requests, those under way are answered, models are
   * unloaded. Blocks.
   *
   * @return false if that took longer than the timeout: requests that still wait fail then, which
   *     may take a second more, and the rest goes on, on a thread of its own
   */
  public boolean stop(Duration timeout) {
    repository.beginStop();
    CompletableFuture<Void> closed =
        CompletableFuture.runAsync(
            resources::close,
            task -> {
              Thread thread = new Thread(task, "server-stop");
              thread.setDaemon(true);
              thread.start();
            });
    try {
      closed.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
      return true;
    } catch (TimeoutException e) {
      if (repository.failQueued() > 0) {
        awaitLastAnswers(closed);
      }
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } catch (ExecutionException e) {
      log.error("The server did not stop as it should", e.getCause());
      return false;
    }
  }

  /** Those who waited are told; what is left is to get their answers out. */
  private static void awaitLastAnswers(CompletableFuture<Void> closed) {
    try {
      closed.get(LAST_ANSWERS.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      log.debug("What runs goes on");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      log.error("The server did not stop as it should", e.getCause());
    }
  }

  /** {@link #stop} without a limit. */
  @Override
  public void close() {
    repository.beginStop();
    resources.close();
  }
}
