package dev.nereid.server.endpoint.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.ByteString;
import com.sun.jna.Pointer;
import dev.nereid.protocol.CudaSharedMemoryRegisterRequest;
import dev.nereid.protocol.CudaSharedMemoryStatusRequest;
import dev.nereid.protocol.CudaSharedMemoryStatusResponse.RegionStatus;
import dev.nereid.protocol.CudaSharedMemoryUnregisterRequest;
import dev.nereid.protocol.ModelInferRequest;
import dev.nereid.protocol.ModelInferRequest.InferInputTensor;
import dev.nereid.protocol.ModelInferRequest.InferRequestedOutputTensor;
import dev.nereid.protocol.ModelInferResponse;
import dev.nereid.protocol.ServerMetadataRequest;
import dev.nereid.protocol.SystemSharedMemoryStatusRequest;
import dev.nereid.server.GpuMemory;
import dev.nereid.server.gpu.FakeDevice;
import dev.nereid.server.memory.RegionLocking;
import dev.nereid.server.memory.SharedRegions;
import dev.nereid.server.repository.ModelFolders;
import dev.nereid.tensor.BytesTensors;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tensors in a GPU's memory that a client shares, by a driver that was built here. */
@SuppressWarnings("NullAway.Init") // JUnit fills these before each test.
class CudaRegionsTest {

  private static final int SIZE = 4096;

  private static final String DELAY =
      "parameters { key: \"execute_delay_ms\" value { string_value: \"1\" } }";

  @TempDir Path models;
  @TempDir Path libraries;
  private final Hold hold = new Hold();
  private FakeDevice gpu;
  private int which;
  private TestEndpoint server;

  @BeforeEach
  void serve() throws Exception {
    gpu = new FakeDevice(libraries);
    which = gpu.share(SIZE);
    TestEndpoint.simple(models);
    new ModelFolders(models)
        .config("strings", TestEndpoint.identity("TYPE_STRING", 8, ""), "1")
        .config("held", TestEndpoint.identity("TYPE_INT32", 8, DELAY), "1");
    server =
        TestEndpoint.serve(
            models,
            SharedRegions.allowed(
                RegionLocking.NONE, GpuMemory.of(Optional.of(gpu.driver())).shared()),
            hold);
  }

  @AfterEach
  void stop() {
    hold.release();
    if (server != null) {
      server.close();
      gpu.assertGivenBack();
    }
  }

  private void register(String name, byte[] handle, long device, long byteSize) {
    var unused =
        server
            .stub()
            .cudaSharedMemoryRegister(
                CudaSharedMemoryRegisterRequest.newBuilder()
                    .setName(name)
                    .setRawHandle(ByteString.copyFrom(handle))
                    .setDeviceId(device)
                    .setByteSize(byteSize)
                    .build());
  }

  private void unregister(String name) {
    var unused =
        server
            .stub()
            .cudaSharedMemoryUnregister(
                CudaSharedMemoryUnregisterRequest.newBuilder().setName(name).build());
  }

  private static InferInputTensor.Builder input(String name, String type, long... shape) {
    return Requests.input(name, type, shape)
        .putParameters("shared_memory_region", Requests.parameter("g"));
  }

  private static InferInputTensor.Builder at(
      InferInputTensor.Builder input, long offset, long byteSize) {
    return input
        .putParameters("shared_memory_offset", Requests.parameter(offset))
        .putParameters("shared_memory_byte_size", Requests.parameter(byteSize));
  }

  private static InferRequestedOutputTensor.Builder output(
      String name, long offset, long byteSize) {
    return Requests.output(name)
        .putParameters("shared_memory_region", Requests.parameter("g"))
        .putParameters("shared_memory_offset", Requests.parameter(offset))
        .putParameters("shared_memory_byte_size", Requests.parameter(byteSize));
  }

  private void refused(ThrowingCallable call, Status.Code code, String text) {
    StatusRuntimeException refusal = catchThrowableOfType(StatusRuntimeException.class, call);
    assertThat(refusal).isNotNull();
    assertThat(refusal.getStatus().getDescription()).isEqualTo(text);
    assertThat(refusal.getStatus().getCode()).isEqualTo(code);
  }

  private static int[] counting() {
    return IntStream.range(0, 16).toArray();
  }

  @Test
  void inputsComeFromTheGpuAndOutputsGoThere() {
    register("g", gpu.handle(which), 0, SIZE);
    Pointer memory = gpu.memory(which);
    memory.write(4, counting(), 0, 16);

    ModelInferResponse answer =
        server
            .stub()
            .modelInfer(
                Requests.simple(
                        at(input("INPUT0", "INT32", 1, 16), 4, 64),
                        Requests.input("INPUT1", "INT32", 1, 16))
                    .addRawInputContents(Requests.ONES)
                    .addOutputs(output("OUTPUT0", 1000, 64))
                    .addOutputs(Requests.output("OUTPUT1"))
                    .build());

    assertThat(memory.getIntArray(1000, 16)).isEqualTo(counting());
    assertThat(answer.getRawOutputContents(0)).isEmpty();
    assertThat(answer.getRawOutputContents(1)).isEqualTo(Requests.ONES);
  }

  @Test
  void stringsAreCheckedOnceTheyAreHere() {
    register("g", gpu.handle(which), 0, SIZE);
    ByteBuffer texts = BytesTensors.ofStrings("alpha", "beta");
    byte[] raw = new byte[texts.remaining()];
    texts.duplicate().get(raw);
    gpu.memory(which).write(0, raw, 0, raw.length);
    ModelInferRequest.Builder request =
        ModelInferRequest.newBuilder()
            .setModelName("strings")
            .addInputs(at(input("INPUT0", "BYTES", 1, 2), 0, raw.length));

    ModelInferResponse answer = server.stub().modelInfer(request.build());

    assertThat(BytesTensors.toStrings(answer.getRawOutputContents(0).asReadOnlyByteBuffer()))
        .containsExactly("alpha", "beta");
    request.setInputs(0, at(input("INPUT0", "BYTES", 1, 3), 0, raw.length));
    refused(
        () -> server.stub().modelInfer(request.build()),
        Status.Code.INVALID_ARGUMENT,
        "[request id: <id_unknown>] expected 3 string elements for inference input 'INPUT0' for"
            + " model 'strings', got 2");
  }

  @Test
  void aRegionIsListedUntilItIsUnregisteredAndOpenUntilItIsUsedNoMore() throws Exception {
    register("g", gpu.handle(which), 0, SIZE);
    assertThat(status("").values())
        .containsExactly(RegionStatus.newBuilder().setName("g").setByteSize(SIZE).build());
    refused(
        () -> {
          var unused =
              server
                  .stub()
                  .systemSharedMemoryStatus(
                      SystemSharedMemoryStatusRequest.newBuilder().setName("g").build());
        },
        Status.Code.NOT_FOUND,
        "The region named 'g' is registered as CUDA shared memory, not system shared memory");
    gpu.memory(which).write(0, counting(), 0, 16);
    ListenableFuture<ModelInferResponse> running =
        server
            .futures()
            .modelInfer(
                ModelInferRequest.newBuilder()
                    .setModelName("held")
                    .addInputs(at(input("INPUT0", "INT32", 1, 16), 0, 64))
                    .addOutputs(output("OUTPUT0", 128, 64))
                    .build());
    hold.awaitBatch();

    unregister("g");

    assertThat(status("")).isEmpty();
    assertThat(gpu.fake().ask("fake_opened", which)).isEqualTo(1);
    hold.release();
    assertThat(running.get(30, TimeUnit.SECONDS).getRawOutputContents(0)).isEmpty();
    assertThat(gpu.memory(which).getIntArray(128, 16)).isEqualTo(counting());
    Hold.until(() -> server.regions().mapped() == 0);
    assertThat(gpu.fake().ask("fake_opened", which)).isZero();
  }

  private java.util.Map<String, RegionStatus> status(String name) {
    return server
        .stub()
        .cudaSharedMemoryStatus(CudaSharedMemoryStatusRequest.newBuilder().setName(name).build())
        .getRegionsMap();
  }

  @Test
  void aRequestThatIsCancelledLetsItsRegionsGo() throws Exception {
    register("g", gpu.handle(which), 0, SIZE);
    ListenableFuture<ModelInferResponse> running =
        server
            .futures()
            .modelInfer(
                ModelInferRequest.newBuilder()
                    .setModelName("held")
                    .addInputs(at(input("INPUT0", "INT32", 1, 16), 0, 64))
                    .addOutputs(output("OUTPUT0", 128, 64))
                    .build());
    hold.awaitBatch();
    running.cancel(true);
    unregister("");
    hold.release();

    Hold.until(() -> server.regions().mapped() == 0);
  }

  @Test
  void whatIsNoMemoryOfAGpuIsNotRegistered() {
    String text = "failed to register shared memory region: invalid args";
    refused(() -> register("g", new byte[64], 0, 64), Status.Code.INVALID_ARGUMENT, text);
    refused(() -> register("g", new byte[8], 0, 64), Status.Code.INVALID_ARGUMENT, text);
    refused(() -> register("g", gpu.handle(which), 1, 64), Status.Code.INVALID_ARGUMENT, text);
    refused(() -> register("g", gpu.handle(which), -1, 64), Status.Code.INVALID_ARGUMENT, text);
    for (long size : new long[] {SIZE + 1, 0, -1}) {
      refused(
          () -> register("g", gpu.handle(which), 0, size),
          Status.Code.INVALID_ARGUMENT,
          "failed to register shared memory region 'g': invalid args");
    }
    assertThat(gpu.fake().ask("fake_opened", which)).isZero();
    register("g", gpu.handle(which), 0, SIZE);
    refused(
        () -> register("g", gpu.handle(which), 0, SIZE),
        Status.Code.ALREADY_EXISTS,
        "shared memory region 'g' already in manager");
  }

  @Test
  void aCopyThatFailsIsSaidInTheDriversWords() {
    register("g", gpu.handle(which), 0, SIZE);
    ModelInferRequest in =
        Requests.simple(
                at(input("INPUT0", "INT32", 1, 16), 0, 64),
                at(input("INPUT1", "INT32", 1, 16), 64, 64))
            .build();
    ModelInferRequest out = Requests.simple().addOutputs(output("OUTPUT0", 0, 64)).build();
    ModelInferRequest small = Requests.simple().addOutputs(output("OUTPUT0", 0, 60)).build();

    refused(
        () -> server.stub().modelInfer(small),
        Status.Code.INTERNAL,
        "shared memory size specified with the request for output 'OUTPUT0' (60 bytes) should be"
            + " at least 64 bytes to hold the results");
    gpu.fake().tell("fake_fail", "cuStreamSynchronize", 2);
    String text =
        "CUDA shared memory region 'g': cuStreamSynchronize: CUDA_ERROR_OUT_OF_MEMORY (2): out of"
            + " memory";
    refused(() -> server.stub().modelInfer(in), Status.Code.INTERNAL, text);
    refused(() -> server.stub().modelInfer(out), Status.Code.INTERNAL, text);
  }

  @Test
  void theServerSaysThatItHasBothKinds() {
    assertThat(
            server
                .stub()
                .serverMetadata(ServerMetadataRequest.getDefaultInstance())
                .getExtensionsList())
        .containsSubsequence(
            "model_configuration", "system_shared_memory", "cuda_shared_memory", "parameters");
  }
}
