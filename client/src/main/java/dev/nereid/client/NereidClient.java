package dev.nereid.client;

import com.google.protobuf.ByteString;
import dev.nereid.protocol.CudaSharedMemoryRegisterRequest;
import dev.nereid.protocol.CudaSharedMemoryStatusRequest;
import dev.nereid.protocol.CudaSharedMemoryStatusResponse;
import dev.nereid.protocol.CudaSharedMemoryUnregisterRequest;
import dev.nereid.protocol.GRPCInferenceServiceGrpc;
import dev.nereid.protocol.ModelConfigRequest;
import dev.nereid.protocol.ModelConfigResponse;
import dev.nereid.protocol.ModelMetadataRequest;
import dev.nereid.protocol.ModelMetadataResponse;
import dev.nereid.protocol.ModelReadyRequest;
import dev.nereid.protocol.ModelReadyResponse;
import dev.nereid.protocol.ModelStatisticsRequest;
import dev.nereid.protocol.ModelStatisticsResponse;
import dev.nereid.protocol.RepositoryIndexRequest;
import dev.nereid.protocol.RepositoryIndexResponse;
import dev.nereid.protocol.ServerLiveRequest;
import dev.nereid.protocol.ServerLiveResponse;
import dev.nereid.protocol.ServerMetadataRequest;
import dev.nereid.protocol.ServerMetadataResponse;
import dev.nereid.protocol.ServerReadyRequest;
import dev.nereid.protocol.ServerReadyResponse;
import dev.nereid.protocol.SystemSharedMemoryRegisterRequest;
import dev.nereid.protocol.SystemSharedMemoryStatusRequest;
import dev.nereid.protocol.SystemSharedMemoryStatusResponse;
import dev.nereid.protocol.SystemSharedMemoryUnregisterRequest;
import io.grpc.CallOptions;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/**
 * Talks to KServe v2 servers over gRPC.
 *
 * <ul>
 *   <li>Every method but {@link #close} returns at once; from any thread.
 *   <li>Futures fail with {@link InferenceFailure}; cancelling one cancels its call.
 *   <li>Futures complete on event-loop threads: what is chained to one must not block, or be
 *       chained with an {@code …Async} method.
 *   <li>Calls take turns over all connections. None is tried twice.
 *   <li>While a connection is being made, calls wait for it; when that fails, they fail with
 *       UNAVAILABLE.
 * </ul>
 */
public final class NereidClient implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final ClientOptions options;
  private final EventLoops eventLoops;
  private final List<ManagedChannel> channels;
  private final AtomicInteger turn = new AtomicInteger();
  private final Metadata headers = new Metadata();

  private NereidClient(
      ClientOptions options, EventLoops eventLoops, List<ManagedChannel> channels) {
    this.options = options;
    this.eventLoops = eventLoops;
    this.channels = channels;
    options
        .headers()
        .forEach(
            (name, value) ->
                headers.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value));
  }

  /**
   * Starts to connect, without waiting for it.
   *
   * @throws IllegalArgumentException if a target is no name, or a file of TLS cannot be read
   */
  public static NereidClient connect(ClientOptions options) {
    int connections = options.targets().size() * options.connections();
    int threads =
        options.eventLoopThreads() > 0
            ? options.eventLoopThreads()
            : Math.min(connections, Runtime.getRuntime().availableProcessors());
    EventLoops eventLoops = EventLoops.start(threads);
    try {
      return new NereidClient(options, eventLoops, Connections.open(options, eventLoops));
    } catch (RuntimeException e) {
      var unused = eventLoops.group().shutdownGracefully(0, 0, TimeUnit.SECONDS);
      throw e;
    }
  }

  /**
   * Completes when every connection stands; meanwhile they are tried again and again, so that it
   * may be called while the server still starts. Fails with UNAVAILABLE when that takes longer.
   */
  public CompletableFuture<Void> connected(Duration patience) {
    return CompletableFuture.allOf(
            channels.stream().map(ConnectedFuture::of).toArray(CompletableFuture<?>[]::new))
        .orTimeout(patience.toNanos(), TimeUnit.NANOSECONDS)
        .exceptionallyCompose(
            failure -> CompletableFuture.failedFuture(notConnected(patience, failure)));
  }

  /** Whether the server runs. */
  public CompletableFuture<Boolean> serverLive() {
    return call(
        GRPCInferenceServiceGrpc.getServerLiveMethod(),
        ServerLiveRequest.getDefaultInstance(),
        ServerLiveResponse::getLive);
  }

  /** Whether the server takes inference requests. */
  public CompletableFuture<Boolean> serverReady() {
    return call(
        GRPCInferenceServiceGrpc.getServerReadyMethod(),
        ServerReadyRequest.getDefaultInstance(),
        ServerReadyResponse::getReady);
  }

  /**
   * Whether a model takes inference requests. Of a model that it does not know, Triton says
   * NOT_FOUND.
   *
   * @param version empty for the server's choice, here and below
   */
  public CompletableFuture<Boolean> modelReady(String name, String version) {
    return call(
        GRPCInferenceServiceGrpc.getModelReadyMethod(),
        ModelReadyRequest.newBuilder().setName(name).setVersion(version).build(),
        ModelReadyResponse::getReady);
  }

  /** The server's name, version and extensions. */
  public CompletableFuture<ServerMetadataResponse> serverMetadata() {
    return call(
        GRPCInferenceServiceGrpc.getServerMetadataMethod(),
        ServerMetadataRequest.getDefaultInstance());
  }

  /** A model's inputs and outputs. */
  public CompletableFuture<ModelMetadataResponse> modelMetadata(String name, String version) {
    return call(
        GRPCInferenceServiceGrpc.getModelMetadataMethod(),
        ModelMetadataRequest.newBuilder().setName(name).setVersion(version).build());
  }

  /** A model's configuration. */
  public CompletableFuture<ModelConfigResponse> modelConfig(String name, String version) {
    return call(
        GRPCInferenceServiceGrpc.getModelConfigMethod(),
        ModelConfigRequest.newBuilder().setName(name).setVersion(version).build());
  }

  /** What a model did so far; of an empty name, every model. */
  public CompletableFuture<ModelStatisticsResponse> modelStatistics(String name, String version) {
    return call(
        GRPCInferenceServiceGrpc.getModelStatisticsMethod(),
        ModelStatisticsRequest.newBuilder().setName(name).setVersion(version).build());
  }

  /** Every model of the repository, loaded or not; or only those that are ready. */
  public CompletableFuture<RepositoryIndexResponse> repositoryIndex(boolean onlyReady) {
    return call(
        GRPCInferenceServiceGrpc.getRepositoryIndexMethod(),
        RepositoryIndexRequest.newBuilder().setReady(onlyReady).build());
  }

  /**
   * Lets the server use a POSIX shared memory object on its machine, as that of {@link
   * SystemSharedMemory}.
   *
   * @param region a name of the caller's choice, which is the server's whole: no other client may
   *     have it
   * @param key the object's name
   * @param offset bytes from the object's start to the region's
   */
  public CompletableFuture<Void> registerSystemSharedMemory(
      String region, String key, long offset, long byteSize) {
    return call(
        GRPCInferenceServiceGrpc.getSystemSharedMemoryRegisterMethod(),
        SystemSharedMemoryRegisterRequest.newBuilder()
            .setName(region)
            .setKey(key)
            .setOffset(offset)
            .setByteSize(byteSize)
            .build(),
        done -> null);
  }

  /**
   * Takes a region back; the server unmaps it once no request uses it.
   *
   * @param region empty for every region of the server, also those of other clients
   */
  public CompletableFuture<Void> unregisterSystemSharedMemory(String region) {
    return call(
        GRPCInferenceServiceGrpc.getSystemSharedMemoryUnregisterMethod(),
        SystemSharedMemoryUnregisterRequest.newBuilder().setName(region).build(),
        done -> null);
  }

  /**
   * The server's regions by name.
   *
   * @param region empty for all
   */
  public CompletableFuture<SystemSharedMemoryStatusResponse> systemSharedMemoryStatus(
      String region) {
    return call(
        GRPCInferenceServiceGrpc.getSystemSharedMemoryStatusMethod(),
        SystemSharedMemoryStatusRequest.newBuilder().setName(region).build());
  }

  /**
   * Lets the server use memory that this process, or one that it knows, allocated on a GPU of the
   * server's machine.
   *
   * @param region as of {@link #registerSystemSharedMemory}
   * @param handle its {@code cudaIpcMemHandle_t}, 64 bytes
   * @param device the GPU, as the server numbers it
   */
  public CompletableFuture<Void> registerCudaSharedMemory(
      String region, byte[] handle, long device, long byteSize) {
    return call(
        GRPCInferenceServiceGrpc.getCudaSharedMemoryRegisterMethod(),
        CudaSharedMemoryRegisterRequest.newBuilder()
            .setName(region)
            .setRawHandle(ByteString.copyFrom(handle))
            .setDeviceId(device)
            .setByteSize(byteSize)
            .build(),
        done -> null);
  }

  /** As {@link #unregisterSystemSharedMemory}, of a GPU's memory. */
  public CompletableFuture<Void> unregisterCudaSharedMemory(String region) {
    return call(
        GRPCInferenceServiceGrpc.getCudaSharedMemoryUnregisterMethod(),
        CudaSharedMemoryUnregisterRequest.newBuilder().setName(region).build(),
        done -> null);
  }

  /** As {@link #systemSharedMemoryStatus}, of GPUs' memory. */
  public CompletableFuture<CudaSharedMemoryStatusResponse> cudaSharedMemoryStatus(String region) {
    return call(
        GRPCInferenceServiceGrpc.getCudaSharedMemoryStatusMethod(),
        CudaSharedMemoryStatusRequest.newBuilder().setName(region).build());
  }

  /**
   * Infers, under the default deadline. The tensors are sent from where they lie: they must not
   * change until the future completes.
   *
   * @throws IllegalArgumentException if the request has more than 2^31-1 bytes
   */
  public CompletableFuture<InferResult> infer(InferRequest request) {
    return infer(request, options.deadline());
  }

  /** The same under another deadline. */
  public CompletableFuture<InferResult> infer(InferRequest request, Duration deadline) {
    InferFuture future = new InferFuture();
    future.sentAs(start(EncodedRequest.of(request), deadline, ResponseData.KEEP, future));
    return future;
  }

  /** Serialises a request once, to send it often. */
  public PreparedRequest prepare(InferRequest request) {
    return PreparedRequest.of(request);
  }

  /** Infers, and keeps the outputs. */
  public InFlight send(PreparedRequest request, Duration deadline, InferCallback callback) {
    return send(request, deadline, ResponseData.KEEP, callback);
  }

  /**
   * Infers. The calling thread copies the request into the connection's buffers, and returns.
   *
   * @param deadline from now; {@link ClientOptions#NO_DEADLINE} for none
   */
  public InFlight send(
      PreparedRequest request,
      Duration deadline,
      ResponseData responseData,
      InferCallback callback) {
    return start(request.encoded(), deadline, responseData, callback);
  }

  /**
   * Ends every call in flight with UNAVAILABLE, closes the connections and ends the threads; waits
   * for that, unless called on one of these threads. Again without effect.
   */
  @Override
  public void close() {
    channels.forEach(ManagedChannel::shutdownNow);
    try {
      if (!eventLoops.isCurrentThread()) {
        for (ManagedChannel channel : channels) {
          channel.awaitTermination(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        }
      }
      eventLoops.stop(PATIENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private InferenceFailure notConnected(Duration patience, Throwable cause) {
    List<ConnectivityState> states =
        channels.stream().map(channel -> channel.getState(false)).toList();
    return new InferenceFailure(
        Status.Code.UNAVAILABLE,
        "connections to "
            + options.targets()
            + ": "
            + states
            + " (expected: READY within "
            + patience
            + ")",
        cause);
  }

  private InFlight start(
      EncodedRequest request,
      Duration deadline,
      ResponseData responseData,
      InferCallback callback) {
    InferCall call =
        new InferCall(
            nextChannel().newCall(InferMethods.forData(responseData), callOptions(deadline)),
            callback);
    call.start(request, headers());
    return call;
  }

  private <Q, R> CompletableFuture<R> call(MethodDescriptor<Q, R> method, Q request) {
    return call(method, request, Function.identity());
  }

  private <Q, R, T> CompletableFuture<T> call(
      MethodDescriptor<Q, R> method, Q request, Function<R, T> result) {
    return UnaryCall.start(
        nextChannel().newCall(method, callOptions(options.deadline())), request, headers(), result);
  }

  private ManagedChannel nextChannel() {
    return channels.get(Math.floorMod(turn.getAndIncrement(), channels.size()));
  }

  private static CallOptions callOptions(Duration deadline) {
    return deadline.equals(ClientOptions.NO_DEADLINE)
        ? CallOptions.DEFAULT
        : CallOptions.DEFAULT.withDeadlineAfter(deadline.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** A call takes its headers for its own. */
  private Metadata headers() {
    Metadata copy = new Metadata();
    copy.merge(headers);
    return copy;
  }
}
