package dev.nereid.server.endpoint.grpc;

import dev.nereid.protocol.CudaSharedMemoryRegisterRequest;
import dev.nereid.protocol.CudaSharedMemoryRegisterResponse;
import dev.nereid.protocol.CudaSharedMemoryStatusRequest;
import dev.nereid.protocol.CudaSharedMemoryStatusResponse;
import dev.nereid.protocol.CudaSharedMemoryUnregisterRequest;
import dev.nereid.protocol.CudaSharedMemoryUnregisterResponse;
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
import dev.nereid.protocol.SystemSharedMemoryRegisterRequest;
import dev.nereid.protocol.SystemSharedMemoryRegisterResponse;
import dev.nereid.protocol.SystemSharedMemoryStatusRequest;
import dev.nereid.protocol.SystemSharedMemoryStatusResponse;
import dev.nereid.protocol.SystemSharedMemoryUnregisterRequest;
import dev.nereid.protocol.SystemSharedMemoryUnregisterResponse;
import dev.nereid.server.endpoint.ModelVersions;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.memory.SharedRegions;
import dev.nereid.server.repository.ModelLookup;
import dev.nereid.server.repository.ModelVersion;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;

/**
 * Every RPC but inference. Most only look up, and run on the event loop; those that register shared
 * memory block, and run elsewhere. Thread-safe.
 *
 * <p>The RPCs that are not here are answered by {@link AbsentMethods}.
 */
final class ControlService implements GRPCInferenceServiceGrpc.AsyncService {

  private final ServerIdentity identity;
  private final ModelLookup models;
  private final SharedRegions regions;
  private final SharedMemoryControl sharedMemory;
  private final Draining draining;

  ControlService(
      ServerIdentity identity, ModelLookup models, SharedRegions regions, Draining draining) {
    this.identity = identity;
    this.models = models;
    this.regions = regions;
    this.sharedMemory = new SharedMemoryControl(regions);
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
                .addAllExtensions(
                    ServerIdentity.extensions(regions.areAllowed(), regions.haveCuda()))
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

  @Override
  public void systemSharedMemoryStatus(
      SystemSharedMemoryStatusRequest request,
      StreamObserver<SystemSharedMemoryStatusResponse> observer) {
    answer(observer, () -> sharedMemory.status(request));
  }

  @Override
  public void systemSharedMemoryRegister(
      SystemSharedMemoryRegisterRequest request,
      StreamObserver<SystemSharedMemoryRegisterResponse> observer) {
    answerElsewhere(observer, () -> sharedMemory.register(request));
  }

  @Override
  public void systemSharedMemoryUnregister(
      SystemSharedMemoryUnregisterRequest request,
      StreamObserver<SystemSharedMemoryUnregisterResponse> observer) {
    answer(observer, () -> sharedMemory.unregister(request));
  }

  @Override
  public void cudaSharedMemoryStatus(
      CudaSharedMemoryStatusRequest request,
      StreamObserver<CudaSharedMemoryStatusResponse> observer) {
    answer(observer, () -> sharedMemory.status(request));
  }

  @Override
  public void cudaSharedMemoryRegister(
      CudaSharedMemoryRegisterRequest request,
      StreamObserver<CudaSharedMemoryRegisterResponse> observer) {
    answerElsewhere(observer, () -> sharedMemory.register(request));
  }

  @Override
  public void cudaSharedMemoryUnregister(
      CudaSharedMemoryUnregisterRequest request,
      StreamObserver<CudaSharedMemoryUnregisterResponse> observer) {
    answer(observer, () -> sharedMemory.unregister(request));
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

  private <T> void answerElsewhere(StreamObserver<T> observer, Answer<T> answer) {
    try {
      regions.worker().execute(() -> answer(observer, answer));
    } catch (RejectedExecutionException stopped) {
      observer.onError(Status.UNAVAILABLE.withDescription("Server exiting").asRuntimeException());
    }
  }

  /** Makes one, or says why not. */
  private interface Answer<T> {
    T get() throws InferenceException;
  }
}
