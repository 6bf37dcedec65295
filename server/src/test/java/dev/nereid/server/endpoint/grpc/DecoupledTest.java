package dev.nereid.server.endpoint.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.protocol.GRPCInferenceServiceGrpc;
import dev.nereid.protocol.ModelConfig;
import dev.nereid.protocol.ModelTransactionPolicy;
import dev.nereid.server.config.ModelInterface;
import dev.nereid.server.inference.InferenceRequest;
import dev.nereid.server.memory.SharedRegions;
import dev.nereid.server.memory.TensorMemory;
import dev.nereid.server.metrics.ModelStatistics;
import dev.nereid.server.repository.ModelLookup;
import dev.nereid.server.repository.ModelVersion;
import dev.nereid.server.scheduling.Scheduler;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A model that answers any number of times, which no repository of ours loads yet. */
class DecoupledTest {

  /** Serves that model alone; nothing may reach its scheduler. */
  private static final class OneModel implements ModelLookup, Scheduler {

    private final ModelConfig config =
        ModelConfig.newBuilder()
            .setName("repeat")
            .setModelTransactionPolicy(ModelTransactionPolicy.newBuilder().setDecoupled(true))
            .build();

    @Override
    public ModelVersion resolve(String model, long version) {
      return new ModelVersion(
          model,
          1,
          config,
          ModelInterface.of(config, Map.of(), Map.of()),
          this,
          new TensorMemory(1 << 20),
          Set.of(),
          new ModelStatistics());
    }

    @Override
    public boolean isReady(String model, long version) {
      return true;
    }

    @Override
    public List<ModelVersion> readyVersions(String model) {
      return List.of();
    }

    @Override
    public List<IndexEntry> index(boolean readyOnly) {
      return List.of();
    }

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public Cancellation enqueue(InferenceRequest request) {
      throw new AssertionError("a request reached the scheduler");
    }

    @Override
    public int queuedRequests() {
      return 0;
    }

    @Override
    public int pendingRequests() {
      return 0;
    }

    @Override
    public void stopAccepting() {}

    @Override
    public int failQueued() {
      return 0;
    }

    @Override
    public void close() {}
  }

  @Test
  void oneCallCannotCarryItsAnswers() throws Exception {
    GrpcEndpoint endpoint =
        GrpcEndpoint.start(
            TestEndpoint.options(),
            new ServerIdentity("nereid", "0.1.0"),
            new OneModel(),
            new TensorMemory(1 << 20),
            SharedRegions.disallowed());
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", endpoint.port()).usePlaintext().build();

    assertThatThrownBy(
            () ->
                GRPCInferenceServiceGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(30, TimeUnit.SECONDS)
                    .modelInfer(Requests.simple().build()))
        .hasMessage(
            "UNIMPLEMENTED: ModelInfer RPC doesn't support models with decoupled transaction"
                + " policy");

    channel.shutdownNow();
    assertThat(channel.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    assertThat(endpoint.shutdown(Duration.ofSeconds(30))).isTrue();
  }
}
