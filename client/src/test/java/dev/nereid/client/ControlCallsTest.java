package dev.nereid.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.nereid.protocol.GRPCInferenceServiceGrpc.GRPCInferenceServiceImplBase;
import dev.nereid.protocol.ModelConfig;
import dev.nereid.protocol.ModelConfigRequest;
import dev.nereid.protocol.ModelConfigResponse;
import dev.nereid.protocol.ModelMetadataRequest;
import dev.nereid.protocol.ModelMetadataResponse;
import dev.nereid.protocol.ModelReadyRequest;
import dev.nereid.protocol.ModelReadyResponse;
import dev.nereid.protocol.ModelStatistics;
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
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Everything but inference: what is asked, and what comes back. */
class ControlCallsTest {

  private final TestServer server = TestServer.of(new RepeatingService());
  private final NereidClient client = NereidClient.connect(ClientOptions.of(server.target()));

  @AfterEach
  void close() {
    client.close();
    server.close();
  }

  @Test
  void healthIsASimpleAnswer() throws Exception {
    assertThat(get(client.serverLive())).isTrue();
    assertThat(get(client.serverReady())).isFalse();
    assertThat(get(client.modelReady("resnet", "3"))).isTrue();
    assertThat(get(client.modelReady("resnet", ""))).isFalse();
  }

  @Test
  void anUnknownModelIsTheServersError() throws Exception {
    InferenceFailure failure = EndOfCall.failureOf(client.modelReady("unknown", ""));

    assertThat(failure.code()).isEqualTo(Status.Code.NOT_FOUND);
    assertThat(failure.text()).isEqualTo("Request for unknown model: 'unknown' is not found");
  }

  @Test
  void metadataConfigStatisticsAndIndexAreTheProtocolsMessages() throws Exception {
    assertThat(get(client.serverMetadata()).getName()).isEqualTo("triton");
    assertThat(get(client.modelMetadata("resnet", "3")).getVersions(0)).isEqualTo("3");
    assertThat(get(client.modelConfig("resnet", "3")).getConfig().getName()).isEqualTo("resnet");
    assertThat(get(client.modelStatistics("resnet", "3")).getModelStats(0).getVersion())
        .isEqualTo("3");
    assertThat(get(client.repositoryIndex(true)).getModels(0).getState()).isEqualTo("true");
  }

  @Test
  void aMethodThatTheServerLacksIsUnimplemented() throws Exception {
    try (TestServer bare = TestServer.of(new EchoService());
        NereidClient other = NereidClient.connect(ClientOptions.of(bare.target()))) {
      assertThat(EndOfCall.failureOf(other.serverMetadata()).code())
          .isEqualTo(Status.Code.UNIMPLEMENTED);
    }
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(30, TimeUnit.SECONDS);
  }

  /** Puts what it was asked into its answers. */
  private static final class RepeatingService extends GRPCInferenceServiceImplBase {
    @Override
    public void serverLive(ServerLiveRequest request, StreamObserver<ServerLiveResponse> observer) {
      answer(observer, ServerLiveResponse.newBuilder().setLive(true).build());
    }

    @Override
    public void serverReady(
        ServerReadyRequest request, StreamObserver<ServerReadyResponse> observer) {
      answer(observer, ServerReadyResponse.getDefaultInstance());
    }

    @Override
    public void modelReady(ModelReadyRequest request, StreamObserver<ModelReadyResponse> observer) {
      if (request.getName().equals("unknown")) {
        observer.onError(
            Status.NOT_FOUND
                .withDescription("Request for unknown model: 'unknown' is not found")
                .asRuntimeException());
        return;
      }
      answer(
          observer,
          ModelReadyResponse.newBuilder().setReady(!request.getVersion().isEmpty()).build());
    }

    @Override
    public void serverMetadata(
        ServerMetadataRequest request, StreamObserver<ServerMetadataResponse> observer) {
      answer(observer, ServerMetadataResponse.newBuilder().setName("triton").build());
    }

    @Override
    public void modelMetadata(
        ModelMetadataRequest request, StreamObserver<ModelMetadataResponse> observer) {
      answer(
          observer,
          ModelMetadataResponse.newBuilder()
              .setName(request.getName())
              .addVersions(request.getVersion())
              .build());
    }

    @Override
    public void modelConfig(
        ModelConfigRequest request, StreamObserver<ModelConfigResponse> observer) {
      answer(
          observer,
          ModelConfigResponse.newBuilder()
              .setConfig(ModelConfig.newBuilder().setName(request.getName()))
              .build());
    }

    @Override
    public void modelStatistics(
        ModelStatisticsRequest request, StreamObserver<ModelStatisticsResponse> observer) {
      answer(
          observer,
          ModelStatisticsResponse.newBuilder()
              .addModelStats(ModelStatistics.newBuilder().setVersion(request.getVersion()))
              .build());
    }

    @Override
    public void repositoryIndex(
        RepositoryIndexRequest request, StreamObserver<RepositoryIndexResponse> observer) {
      RepositoryIndexResponse.Builder response = RepositoryIndexResponse.newBuilder();
      response.addModelsBuilder().setState(String.valueOf(request.getReady()));
      answer(observer, response.build());
    }

    private static <T extends Message> void answer(StreamObserver<T> observer, T response) {
      observer.onNext(response);
      observer.onCompleted();
    }
  }
}
