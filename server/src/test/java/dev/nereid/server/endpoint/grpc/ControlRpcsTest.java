package dev.nereid.server.endpoint.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;

import dev.nereid.protocol.CudaSharedMemoryRegisterRequest;
import dev.nereid.protocol.CudaSharedMemoryStatusRequest;
import dev.nereid.protocol.CudaSharedMemoryUnregisterRequest;
import dev.nereid.protocol.GRPCInferenceServiceGrpc;
import dev.nereid.protocol.GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub;
import dev.nereid.protocol.LogSettingsRequest;
import dev.nereid.protocol.ModelConfigRequest;
import dev.nereid.protocol.ModelInferRequest;
import dev.nereid.protocol.ModelMetadataRequest;
import dev.nereid.protocol.ModelMetadataResponse;
import dev.nereid.protocol.ModelReadyRequest;
import dev.nereid.protocol.ModelStatistics;
import dev.nereid.protocol.ModelStatisticsRequest;
import dev.nereid.protocol.ModelStatisticsResponse;
import dev.nereid.protocol.RepositoryIndexRequest;
import dev.nereid.protocol.RepositoryIndexResponse.ModelIndex;
import dev.nereid.protocol.RepositoryModelLoadRequest;
import dev.nereid.protocol.RepositoryModelUnloadRequest;
import dev.nereid.protocol.ServerLiveRequest;
import dev.nereid.protocol.ServerMetadataRequest;
import dev.nereid.protocol.ServerMetadataResponse;
import dev.nereid.protocol.ServerReadyRequest;
import dev.nereid.protocol.StatisticDuration;
import dev.nereid.protocol.SystemSharedMemoryRegisterRequest;
import dev.nereid.protocol.SystemSharedMemoryStatusRequest;
import dev.nereid.protocol.SystemSharedMemoryUnregisterRequest;
import dev.nereid.protocol.TraceSettingRequest;
import dev.nereid.server.repository.ModelFolders;
import io.grpc.CallOptions;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.ClientCalls;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every RPC but inference, asked by a real client. */
@SuppressWarnings("NullAway.Init") // JUnit fills these before each test.
class ControlRpcsTest {

  @TempDir Path models;
  private TestEndpoint server;

  @BeforeEach
  void serve() throws Exception {
    TestEndpoint.simple(models);
    new ModelFolders(models)
        .config("nobatch", TestEndpoint.identity("TYPE_STRING", 0, ""), "1")
        .config(
            "versions",
            TestEndpoint.identity("TYPE_FP32", 0, "version_policy: { all { } }"),
            "1",
            "3");
    server = TestEndpoint.serve(models);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static void refused(ThrowingCallable call, Status.Code code, String text) {
    StatusRuntimeException refusal = catchThrowableOfType(StatusRuntimeException.class, call);
    assertThat(refusal).isNotNull();
    assertThat(refusal.getStatus().getCode()).isEqualTo(code);
    assertThat(refusal.getStatus().getDescription()).isEqualTo(text);
  }

  @Test
  void aServerThatServesIsLiveAndReady() {
    assertThat(server.stub().serverLive(ServerLiveRequest.getDefaultInstance()).getLive()).isTrue();
    assertThat(server.stub().serverReady(ServerReadyRequest.getDefaultInstance()).getReady())
        .isTrue();
  }

  @Test
  void theServerSaysItsNameItsVersionAndWhatItCanDo() {
    ServerMetadataResponse metadata =
        server.stub().serverMetadata(ServerMetadataRequest.getDefaultInstance());

    assertThat(metadata.getName()).isEqualTo("nereid");
    assertThat(metadata.getVersion()).isEqualTo("0.1.0");
    assertThat(metadata.getExtensionsList())
        .containsExactly(
            "classification",
            "model_repository",
            "schedule_policy",
            "model_configuration",
            "parameters",
            "statistics");
  }

  @Test
  void aModelIsReadyOrItIsSaidWhyNot() {
    assertThat(ready("simple", "")).isTrue();
    assertThat(ready("simple", "1")).isTrue();
    refused(
        () -> ready("nope", ""),
        Status.Code.NOT_FOUND,
        "Request for unknown model: 'nope' is not found");
    refused(
        () -> ready("simple", "9"),
        Status.Code.NOT_FOUND,
        "Request for unknown model: 'simple' version 9 is not found");
    refused(
        () -> ready("simple", "abc"),
        Status.Code.INVALID_ARGUMENT,
        "failed to get model version from specified version string 'abc' (details: stol), version"
            + " should be an integral value > 0");
  }

  private boolean ready(String model, String version) {
    return server
        .stub()
        .modelReady(ModelReadyRequest.newBuilder().setName(model).setVersion(version).build())
        .getReady();
  }

  @Test
  void metadataShowsTheBatchDimensionAsVariable() {
    ModelMetadataResponse metadata = metadata("simple", "");

    assertThat(metadata.getName()).isEqualTo("simple");
    assertThat(metadata.getVersionsList()).containsExactly("1");
    assertThat(metadata.getPlatform()).isEqualTo("identity");
    assertThat(metadata.getInputsList())
        .extracting(ModelMetadataResponse.TensorMetadata::getName)
        .containsExactly("INPUT0", "INPUT1");
    assertThat(metadata.getInputs(0).getDatatype()).isEqualTo("INT32");
    assertThat(metadata.getInputs(0).getShapeList()).containsExactly(-1L, 16L);
    assertThat(metadata.getOutputs(1).getShapeList()).containsExactly(-1L, 16L);
  }

  @Test
  void metadataOfAModelThatDoesNotBatchHasItsDimensionsAlone() {
    ModelMetadataResponse metadata = metadata("nobatch", "");

    assertThat(metadata.getInputs(0).getDatatype()).isEqualTo("BYTES");
    assertThat(metadata.getInputs(0).getShapeList()).containsExactly(-1L);
  }

  @Test
  void metadataListsTheReadyVersionsOrTheOneAskedFor() {
    assertThat(metadata("versions", "").getVersionsList()).containsExactly("1", "3");
    assertThat(metadata("versions", "1").getVersionsList()).containsExactly("1");
    refused(
        () -> metadata("", ""),
        Status.Code.NOT_FOUND,
        "Request for unknown model: '' is not found");
  }

  private ModelMetadataResponse metadata(String model, String version) {
    return server
        .stub()
        .modelMetadata(
            ModelMetadataRequest.newBuilder().setName(model).setVersion(version).build());
  }

  @Test
  void theConfigIsTheCompletedOne() {
    assertThat(
            server
                .stub()
                .modelConfig(ModelConfigRequest.newBuilder().setName("simple").build())
                .getConfig())
        .satisfies(
            config -> {
              assertThat(config.getMaxBatchSize()).isEqualTo(8);
              assertThat(config.getVersionPolicy().getLatest().getNumVersions()).isEqualTo(1);
              assertThat(config.getInstanceGroup(0).getName()).isEqualTo("simple_0");
            });
    refused(
        () ->
            server
                .stub()
                .modelConfig(
                    ModelConfigRequest.newBuilder().setName("simple").setVersion("9").build()),
        Status.Code.NOT_FOUND,
        "Request for unknown model: 'simple' version 9 is not found");
  }

  @Test
  void statisticsOfAFreshModelAreZeroWithEveryDurationPresent() {
    ModelStatistics fresh = statistics("simple", "").getModelStats(0);

    assertThat(fresh.getName()).isEqualTo("simple");
    assertThat(fresh.getVersion()).isEqualTo("1");
    assertThat(fresh.getLastInference()).isZero();
    assertThat(fresh.hasInferenceStats()).isTrue();
    assertThat(fresh.getInferenceStats().hasCacheHit()).isTrue();
    assertThat(fresh.getInferenceStats().hasCacheMiss()).isTrue();
    assertThat(fresh.getInferenceStats().getSuccess())
        .isEqualTo(StatisticDuration.getDefaultInstance());
    assertThat(fresh.getBatchStatsCount()).isZero();
    assertThat(fresh.getResponseStatsCount()).isZero();
    assertThat(fresh.getMemoryUsageCount()).isZero();
  }

  @Test
  void statisticsCountWhatAClientHasItsAnswerTo() {
    ModelInferRequest one = Requests.simple().build();
    ModelInferRequest two =
        Requests.simple(
                Requests.input("INPUT0", "INT32", 2, 16), Requests.input("INPUT1", "INT32", 2, 16))
            .addRawInputContents(Requests.COUNTING.concat(Requests.COUNTING))
            .addRawInputContents(Requests.ONES.concat(Requests.ONES))
            .build();
    server.stub().modelInfer(one);
    server.stub().modelInfer(one);
    server.stub().modelInfer(two);

    ModelStatistics counted = statistics("simple", "1").getModelStats(0);

    assertThat(counted.getInferenceCount()).isEqualTo(4);
    assertThat(counted.getExecutionCount()).isEqualTo(3);
    assertThat(counted.getLastInference()).isPositive();
    assertThat(counted.getInferenceStats().getSuccess().getCount()).isEqualTo(3);
    assertThat(counted.getInferenceStats().getSuccess().getNs()).isPositive();
    assertThat(counted.getInferenceStats().getQueue().getCount()).isEqualTo(3);
    assertThat(counted.getInferenceStats().getComputeInfer().getCount()).isEqualTo(3);
    assertThat(counted.getBatchStats(0).getBatchSize()).isEqualTo(1);
    assertThat(counted.getBatchStats(0).getComputeInfer().getCount()).isEqualTo(2);
    assertThat(counted.getBatchStats(1).getBatchSize()).isEqualTo(2);
    assertThat(counted.getBatchStats(1).getComputeOutput().getCount()).isEqualTo(1);
  }

  @Test
  void statisticsWithoutANameAreThoseOfEveryReadyVersion() {
    assertThat(statistics("", "").getModelStatsList())
        .extracting(stats -> stats.getName() + ":" + stats.getVersion())
        .containsExactly("nobatch:1", "simple:1", "versions:1", "versions:3");
    assertThat(statistics("versions", "3").getModelStatsCount()).isEqualTo(1);
  }

  @Test
  void statisticsOfWhatIsNotThereAreInvalid() {
    refused(
        () -> statistics("nope", ""),
        Status.Code.INVALID_ARGUMENT,
        "requested model 'nope' is not available");
    refused(
        () -> statistics("simple", "9"),
        Status.Code.INVALID_ARGUMENT,
        "requested model version is not available for model 'simple'");
    refused(
        () -> statistics("simple", "abc"),
        Status.Code.INVALID_ARGUMENT,
        "failed to get model version from specified version string 'abc' (details: stol), version"
            + " should be an integral value > 0");
  }

  private ModelStatisticsResponse statistics(String model, String version) {
    return server
        .stub()
        .modelStatistics(
            ModelStatisticsRequest.newBuilder().setName(model).setVersion(version).build());
  }

  @Test
  void theIndexListsEveryVersionWithItsState() {
    assertThat(
            server
                .stub()
                .repositoryIndex(RepositoryIndexRequest.getDefaultInstance())
                .getModelsList())
        .extracting(ModelIndex::getName, ModelIndex::getVersion, ModelIndex::getState)
        .containsExactly(
            tuple("nobatch", "1", "READY"),
            tuple("simple", "1", "READY"),
            tuple("versions", "1", "READY"),
            tuple("versions", "3", "READY"));
    refused(
        () ->
            server
                .stub()
                .repositoryIndex(
                    RepositoryIndexRequest.newBuilder().setRepositoryName("foo").build()),
        Status.Code.UNIMPLEMENTED,
        "'repository_name' specification is not supported");
  }

  @Test
  void modelsAreNotLoadedOrUnloadedOnRequest() {
    String text = "explicit model load / unload is not allowed if polling is enabled";
    refused(
        () ->
            server
                .stub()
                .repositoryModelLoad(
                    RepositoryModelLoadRequest.newBuilder().setModelName("simple").build()),
        Status.Code.UNAVAILABLE,
        text);
    refused(
        () ->
            server
                .stub()
                .repositoryModelUnload(
                    RepositoryModelUnloadRequest.newBuilder().setModelName("nope").build()),
        Status.Code.UNAVAILABLE,
        text);
  }

  private void absent(ThrowingCallable call, String name) {
    refused(
        call,
        Status.Code.UNIMPLEMENTED,
        name + ": an RPC that this version of Nereid does not have");
  }

  @Test
  void rpcsThatAreNotThereSayWhich() {
    absent(
        () -> server.stub().traceSetting(TraceSettingRequest.getDefaultInstance()), "TraceSetting");
    absent(() -> server.stub().logSettings(LogSettingsRequest.getDefaultInstance()), "LogSettings");
    absent(
        () ->
            ClientCalls.blockingServerStreamingCall(
                    server.channel(),
                    GRPCInferenceServiceGrpc.getModelStreamInferMethod().toBuilder()
                        .setType(MethodType.SERVER_STREAMING)
                        .build(),
                    CallOptions.DEFAULT,
                    Requests.simple().build())
                .next(),
        "ModelStreamInfer");
  }

  @Test
  void sharedMemoryIsNotThereWhereItIsSwitchedOff() {
    GRPCInferenceServiceBlockingStub stub = server.stub();
    for (ThrowingCallable call :
        List.<ThrowingCallable>of(
            () ->
                stub.systemSharedMemoryStatus(SystemSharedMemoryStatusRequest.getDefaultInstance()),
            () ->
                stub.systemSharedMemoryRegister(
                    SystemSharedMemoryRegisterRequest.getDefaultInstance()),
            () ->
                stub.systemSharedMemoryUnregister(
                    SystemSharedMemoryUnregisterRequest.getDefaultInstance()),
            () -> stub.cudaSharedMemoryStatus(CudaSharedMemoryStatusRequest.getDefaultInstance()),
            () ->
                stub.cudaSharedMemoryRegister(CudaSharedMemoryRegisterRequest.getDefaultInstance()),
            () ->
                stub.cudaSharedMemoryUnregister(
                    CudaSharedMemoryUnregisterRequest.getDefaultInstance()))) {
      refused(
          call,
          Status.Code.UNIMPLEMENTED,
          "Client shared memory is disabled. Start the server with '--allow-client-shm=true' to"
              + " enable.");
    }
  }

  @Test
  void healthIsThatOfTheServerWhicheverServiceIsNamed() {
    HealthGrpc.HealthBlockingStub health = HealthGrpc.newBlockingStub(server.channel());
    for (String service : new String[] {"", "inference.GRPCInferenceService", "anything"}) {
      assertThat(
              health.check(HealthCheckRequest.newBuilder().setService(service).build()).getStatus())
          .isEqualTo(ServingStatus.SERVING);
    }
  }
}
