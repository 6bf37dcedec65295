package dev.nereid.server.endpoint.grpc;

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
import dev.nereid.protocol.RepositoryModelLoadRequest;
import dev.nereid.protocol.RepositoryModelLoadResponse;
import dev.nereid.protocol.RepositoryModelUnloadRequest;
import dev.nereid.protocol.RepositoryModelUnloadResponse;
import dev.nereid.protocol.ServerLiveRequest;
import dev.nereid.protocol.ServerLiveResponse;
import dev.nereid.protocol.ServerMetadataRequest;
import dev.nereid.protocol.ServerMetadataResponse;
import dev.nereid.protocol.ServerReadyRequest;
import dev.nereid.protocol.ServerReadyResponse;
import dev.nereid.server.endpoint.ModelVersions;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.repository.ModelLookup;
import dev.nereid.server.repository.ModelVersion;
import io.grpc.stub.StreamObserver;
import java.util.List;

/**
 * Every RPC but inference. They only look up, so they run on the event loop. Thread-safe.
 *
 * <p>The RPCs that are not here are answered by {@link AbsentMethods}.
 */
final class ControlService implements GRPCInferenceServiceGrpc.AsyncService {

  private final ServerIdentity identity;
  private final ModelLookup models;
  private final Draining draining;

  ControlService(ServerIdentity identity, ModelLookup models, Draining draining) {
    this.identity = identity;
    this.models = models;
    this.draining = draining;
  }

  @Override
  public void serverLive(ServerLiveRequest request, StreamObserver<ServerLiveResponse> observer) {
    answer(
        observer,
        () -> {
          rejectIfDraining();
          return ServerLiveResponse.newBuilder().setLive(true).build();
        });
  }

  @Override
  public void serverReady(
      ServerReadyRequest request, StreamObserver<ServerReadyResponse> observer) {
    answer(
        observer,
        () -> {
          rejectIfDraining();
          return ServerReadyResponse.newBuilder().setReady(models.isReady()).build();
        });
  }

  @Override
  public void modelReady(ModelReadyRequest request, StreamObserver<ModelReadyResponse> observer) {
    answer(
        observer,
        () -> {
          boolean ready =
              models.isReady(request.getName(), ModelVersions.parse(request.getVersion()));
          return ModelReadyResponse.newBuilder().setReady(ready).build();
        });
  }

  @Override
  public void serverMetadata(
      ServerMetadataRequest request, StreamObserver<ServerMetadataResponse> observer) {
    answer(
        observer,
        () ->
            ServerMetadataResponse.newBuilder()
                .setName(identity.name())
                .setVersion(identity.version())
                .addAllExtensions(ServerIdentity.EXTENSIONS)
                .build());
  }

  @Override
  public void modelMetadata(
      ModelMetadataRequest request, StreamObserver<ModelMetadataResponse> observer) {
    answer(
        observer,
        () -> {
          long asked = ModelVersions.parse(request.getVersion());
          ModelVersion model = models.resolve(request.getName(), asked);
          List<Long> versions =
              asked == ModelVersions.LATEST
                  ? models.readyVersions(model.name()).stream().map(ModelVersion::version).toList()
                  : List.of(asked);
          return ModelDescription.metadata(model, versions);
        });
  }

  @Override
  public void modelConfig(
      ModelConfigRequest request, StreamObserver<ModelConfigResponse> observer) {
    answer(
        observer,
        () -> {
          ModelVersion model =
              models.resolve(request.getName(), ModelVersions.parse(request.getVersion()));
          return ModelConfigResponse.newBuilder().setConfig(model.config()).build();
        });
  }

  @Override
  public void modelStatistics(
      ModelStatisticsRequest request, StreamObserver<ModelStatisticsResponse> observer) {
    answer(observer, () -> StatisticsMessages.of(models, request));
  }

  @Override
  public void repositoryIndex(
      RepositoryIndexRequest request, StreamObserver<RepositoryIndexResponse> observer) {
    answer(
        observer,
        () -> {
          rejectRepositoryName(request.getRepositoryName());
          RepositoryIndexResponse.Builder index = RepositoryIndexResponse.newBuilder();
          for (ModelLookup.IndexEntry entry : models.index(request.getReady())) {
            index
                .addModelsBuilder()
                .setName(entry.name())
                .setVersion(entry.version())
                .setState(entry.state())
                .setReason(entry.reason());
          }
          return index.build();
        });
  }

  @Override
  public void repositoryModelLoad(
      RepositoryModelLoadRequest request, StreamObserver<RepositoryModelLoadResponse> observer) {
    answer(
        observer,
        () -> {
          rejectRepositoryName(request.getRepositoryName());
          throw notExplicit();
        });
  }

  @Override
  public void repositoryModelUnload(
      RepositoryModelUnloadRequest request,
      StreamObserver<RepositoryModelUnloadResponse> observer) {
    answer(
        observer,
        () -> {
          rejectRepositoryName(request.getRepositoryName());
          throw notExplicit();
        });
  }

  private void rejectIfDraining() throws InferenceException {
    if (draining.isStarted()) {
      throw new InferenceException(StatusCode.UNAVAILABLE, "Server exiting");
    }
  }

  private static void rejectRepositoryName(String name) throws InferenceException {
    if (!name.isEmpty()) {
      throw new InferenceException(
          StatusCode.UNIMPLEMENTED, "'repository_name' specification is not supported");
    }
  }

  private static InferenceException notExplicit() {
    return new InferenceException(
        StatusCode.UNAVAILABLE,
        "explicit model load / unload is not allowed if polling is enabled");
  }

  private static <T> void answer(StreamObserver<T> observer, Answer<T> answer) {
    T message;
    try {
      message = answer.get();
    } catch (InferenceException e) {
      observer.onError(GrpcStatus.of(e).asRuntimeException());
      return;
    }
    observer.onNext(message);
    observer.onCompleted();
  }

  /** Makes one, or says why not. */
  private interface Answer<T> {
    T get() throws InferenceException;
  }
}
