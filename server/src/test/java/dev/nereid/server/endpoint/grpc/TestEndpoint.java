package dev.nereid.server.endpoint.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.backend.BackendProvider;
import dev.nereid.protocol.GRPCInferenceServiceGrpc;
import dev.nereid.protocol.GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub;
import dev.nereid.protocol.GRPCInferenceServiceGrpc.GRPCInferenceServiceFutureStub;
import dev.nereid.server.backend.BackendRegistry;
import dev.nereid.server.backend.IdentityBackend;
import dev.nereid.server.backend.Pause;
import dev.nereid.server.config.ModelConfigLoader;
import dev.nereid.server.memory.PinnedMemory;
import dev.nereid.server.memory.SharedRegions;
import dev.nereid.server.memory.TensorMemory;
import dev.nereid.server.metrics.ModelCollector;
import dev.nereid.server.repository.ModelFolders;
import dev.nereid.server.repository.ModelRepository;
import dev.nereid.server.scheduling.SystemClock;
import dev.nereid.server.scheduling.ThreadPlacement;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A whole endpoint on a real socket: repository, schedulers and identity models behind it, a real
 * client before it. Closing it checks that every tensor's memory came back.
 */
final class TestEndpoint implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** Two INT32 inputs and outputs, as the model of that name in Triton's examples. */
  static final String SIMPLE =
      """
      backend: "identity"
      max_batch_size: 8
      input [
        { name: "INPUT0" data_type: TYPE_INT32 dims: [ 16 ] },
        { name: "INPUT1" data_type: TYPE_INT32 dims: [ 16 ] }
      ]
      output [
        { name: "OUTPUT0" data_type: TYPE_INT32 dims: [ 16 ] label_filename: "labels.txt" },
        { name: "OUTPUT1" data_type: TYPE_INT32 dims: [ 16 ] }
      ]
      instance_group [ { kind: KIND_CPU count: 1 } ]
      """;

  private final BackendRegistry backends;
  private final SystemClock clock = new SystemClock();
  private final ModelRepository repository;
  private final TensorMemory memory;
  private final SharedRegions regions;
  private final GrpcEndpoint endpoint;
  private final ManagedChannel channel;

  private TestEndpoint(
      Path models,
      GrpcEndpointOptions options,
      TensorMemory memory,
      SharedRegions regions,
      Pause pause)
      throws IOException {
    this(models, options, memory, regions, List.of(IdentityBackend.provider(pause)), List.of());
  }

  private TestEndpoint(
      Path models,
      GrpcEndpointOptions options,
      TensorMemory memory,
      SharedRegions regions,
      List<BackendProvider> providers,
      List<Integer> gpus)
      throws IOException {
    this.memory = memory;
    this.regions = regions;
    backends = new BackendRegistry(List.of(models.resolve("no-backends")), Map.of(), providers);
    repository =
        new ModelRepository(
            List.of(models),
            new ModelConfigLoader(
                backends::backend, new ModelConfigLoader.Options(true, Optional.empty(), gpus)),
            PinnedMemory.none(memory),
            clock,
            new ModelCollector(true),
            true,
            fault -> {},
            ThreadPlacement.ANYWHERE);
    assertThat(repository.loadAll(2)).isTrue();
    endpoint =
        GrpcEndpoint.start(
            options, new ServerIdentity("nereid", "0.1.0"), repository, memory, regions);
    channel =
        NettyChannelBuilder.forAddress("127.0.0.1", endpoint.port())
            .usePlaintext()
            .maxInboundMessageSize(Integer.MAX_VALUE)
            .build();
  }

  /** Serves what is in a folder of models. */
  static TestEndpoint serve(Path models) throws IOException {
    return serve(models, duration -> {});
  }

  /**
   * The same with delays of identity models as {@code pause} spends them: the way to hold a batch.
   */
  static TestEndpoint serve(Path models, Pause pause) throws IOException {
    return serve(models, options(), pause);
  }

  static TestEndpoint serve(Path models, GrpcEndpointOptions options, Pause pause)
      throws IOException {
    return new TestEndpoint(
        models, options, new TensorMemory(1 << 30), SharedRegions.disallowed(), pause);
  }

  /** The same with little memory. */
  static TestEndpoint serve(Path models, TensorMemory memory) throws IOException {
    return new TestEndpoint(models, options(), memory, SharedRegions.disallowed(), duration -> {});
  }

  /** The same with shared memory. */
  static TestEndpoint serve(Path models, SharedRegions regions, Pause pause) throws IOException {
    return new TestEndpoint(models, options(), new TensorMemory(1 << 30), regions, pause);
  }

  /** The same of another backend, on a machine with GPUs of these indices. */
  static TestEndpoint serve(
      Path models, SharedRegions regions, BackendProvider backend, List<Integer> gpus)
      throws IOException {
    return new TestEndpoint(
        models, options(), new TensorMemory(1 << 30), regions, List.of(backend), gpus);
  }

  /** The defaults on a free port of this machine alone. */
  static GrpcEndpointOptions options() {
    return GrpcEndpointOptions.defaults().withAddress("127.0.0.1", 0);
  }

  /** Writes {@link #SIMPLE} with its labels. */
  static Path simple(Path models) throws IOException {
    new ModelFolders(models).config("simple", SIMPLE, "1");
    StringBuilder labels = new StringBuilder();
    for (int i = 0; i < 16; i++) {
      labels.append("label").append(i).append('\n');
    }
    Files.writeString(models.resolve("simple/labels.txt"), labels);
    return models;
  }

  /** An identity model of one input of that type, with any number of elements in a row. */
  static String identity(String type, int maxBatchSize, String more) {
    return """
        backend: "identity"
        max_batch_size: %d
        input [ { name: "INPUT0" data_type: %s dims: [ -1 ] } ]
        output [ { name: "OUTPUT0" data_type: %s dims: [ -1 ] } ]
        instance_group [ { kind: KIND_CPU count: 1 } ]
        %s
        """
        .formatted(maxBatchSize, type, type, more);
  }

  int port() {
    return endpoint.port();
  }

  GrpcEndpoint endpoint() {
    return endpoint;
  }

  ModelRepository repository() {
    return repository;
  }

  TensorMemory memory() {
    return memory;
  }

  SharedRegions regions() {
    return regions;
  }

  ManagedChannel channel() {
    return channel;
  }

  /** Blocking, and never for ever. */
  GRPCInferenceServiceBlockingStub stub() {
    return GRPCInferenceServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  GRPCInferenceServiceFutureStub futures() {
    return GRPCInferenceServiceGrpc.newFutureStub(channel);
  }

  @Override
  public void close() {
    channel.shutdownNow();
    try {
      assertThat(channel.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      endpoint.shutdown(PATIENCE);
      repository.close();
      regions.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
    backends.close();
    clock.close();
    assertThat(memory.usedBytes()).as("tensor memory still in use").isZero();
    assertThat(regions.mapped()).as("shared memory still mapped").isZero();
  }
}
