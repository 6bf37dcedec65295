package dev.nereid.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.nereid.protocol.CudaSharedMemoryRegisterRequest;
import dev.nereid.protocol.CudaSharedMemoryRegisterResponse;
import dev.nereid.protocol.CudaSharedMemoryStatusRequest;
import dev.nereid.protocol.CudaSharedMemoryStatusResponse;
import dev.nereid.protocol.CudaSharedMemoryUnregisterRequest;
import dev.nereid.protocol.CudaSharedMemoryUnregisterResponse;
import dev.nereid.protocol.InferParameter;
import dev.nereid.protocol.ModelInferRequest;
import dev.nereid.protocol.ModelInferResponse;
import dev.nereid.protocol.SystemSharedMemoryRegisterRequest;
import dev.nereid.protocol.SystemSharedMemoryRegisterResponse;
import dev.nereid.protocol.SystemSharedMemoryStatusRequest;
import dev.nereid.protocol.SystemSharedMemoryStatusResponse;
import dev.nereid.protocol.SystemSharedMemoryUnregisterRequest;
import dev.nereid.protocol.SystemSharedMemoryUnregisterResponse;
import dev.nereid.tensor.DataType;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is asked of a server that shares memory, and what its answers mean. */
class SharedMemoryCallsTest {

  private final List<Object> asked = Collections.synchronizedList(new ArrayList<>());
  private final TestServer server = TestServer.of(new Sharing());
  private final NereidClient client = NereidClient.connect(ClientOptions.of(server.target()));

  /**
   * Notes what it is asked; answers inference with one output of 4 floats, and its data or none.
   */
  private final class Sharing extends EchoService {

    @Override
    public void modelInfer(ModelInferRequest request, StreamObserver<ModelInferResponse> observer) {
      asked.add(request);
      boolean data = request.getModelName().equals("data");
      answer(
          observer,
          ModelInferResponse.newBuilder()
              .addOutputs(
                  ModelInferResponse.InferOutputTensor.newBuilder()
                      .setName("OUT")
                      .setDatatype("FP32")
                      .addShape(4))
              .addRawOutputContents(data ? ByteString.copyFrom(new byte[16]) : ByteString.EMPTY)
              .build());
    }

    @Override
    public void systemSharedMemoryRegister(
        SystemSharedMemoryRegisterRequest request,
        StreamObserver<SystemSharedMemoryRegisterResponse> observer) {
      asked.add(request);
      answer(observer, SystemSharedMemoryRegisterResponse.getDefaultInstance());
    }

    @Override
    public void systemSharedMemoryUnregister(
        SystemSharedMemoryUnregisterRequest request,
        StreamObserver<SystemSharedMemoryUnregisterResponse> observer) {
      asked.add(request);
      answer(observer, SystemSharedMemoryUnregisterResponse.getDefaultInstance());
    }

    @Override
    public void systemSharedMemoryStatus(
        SystemSharedMemoryStatusRequest request,
        StreamObserver<SystemSharedMemoryStatusResponse> observer) {
      observer.onError(Status.NOT_FOUND.withDescription(request.getName()).asRuntimeException());
    }

    @Override
    public void cudaSharedMemoryRegister(
        CudaSharedMemoryRegisterRequest request,
        StreamObserver<CudaSharedMemoryRegisterResponse> observer) {
      asked.add(request);
      answer(observer, CudaSharedMemoryRegisterResponse.getDefaultInstance());
    }

    @Override
    public void cudaSharedMemoryUnregister(
        CudaSharedMemoryUnregisterRequest request,
        StreamObserver<CudaSharedMemoryUnregisterResponse> observer) {
      asked.add(request);
      answer(observer, CudaSharedMemoryUnregisterResponse.getDefaultInstance());
    }

    @Override
    public void cudaSharedMemoryStatus(
        CudaSharedMemoryStatusRequest request,
        StreamObserver<CudaSharedMemoryStatusResponse> observer) {
      answer(
          observer,
          CudaSharedMemoryStatusResponse.newBuilder()
              .putRegions(
                  request.getName(),
                  CudaSharedMemoryStatusResponse.RegionStatus.newBuilder().setDeviceId(2).build())
              .build());
    }

    private <T> void answer(StreamObserver<T> observer, T message) {
      observer.onNext(message);
      observer.onCompleted();
    }
  }

  @AfterEach
  void close() {
    client.close();
    server.close();
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(30, TimeUnit.SECONDS);
  }

  private static InferRequest request(String model) {
    return InferRequest.to(model)
        .input(
            InferInput.inSharedMemory(
                "A", DataType.FP32, new long[] {2, 3}, new SharedMemoryPart("r", 64, 24)))
        .input(InferInput.ofInts("B", new long[] {1}, 7))
        .input(
            InferInput.inSharedMemory(
                "C", DataType.BYTES, new long[] {9}, new SharedMemoryPart("s", 0, 100)))
        .output(RequestedOutput.inSharedMemory("OUT", new SharedMemoryPart("r", 128, 16)))
        .build();
  }

  @Test
  void regionsAreRegisteredAndTakenBack() throws Exception {
    get(client.registerSystemSharedMemory("r", "/key", 8, 9));
    get(client.unregisterSystemSharedMemory("r"));
    get(client.registerCudaSharedMemory("g", new byte[] {1, 2}, 3, 4));
    get(client.unregisterCudaSharedMemory(""));

    assertThat(asked)
        .containsExactly(
            SystemSharedMemoryRegisterRequest.newBuilder()
                .setName("r")
                .setKey("/key")
                .setOffset(8)
                .setByteSize(9)
                .build(),
            SystemSharedMemoryUnregisterRequest.newBuilder().setName("r").build(),
            CudaSharedMemoryRegisterRequest.newBuilder()
                .setName("g")
                .setRawHandle(ByteString.copyFrom(new byte[] {1, 2}))
                .setDeviceId(3)
                .setByteSize(4)
                .build(),
            CudaSharedMemoryUnregisterRequest.getDefaultInstance());
    assertThat(EndOfCall.failureOf(client.systemSharedMemoryStatus("x")).code())
        .isEqualTo(Status.Code.NOT_FOUND);
    assertThat(get(client.cudaSharedMemoryStatus("g")).getRegionsOrThrow("g").getDeviceId())
        .isEqualTo(2);
  }

  @Test
  void aRequestNamesItsRegionsAndCarriesWhatLiesElsewhere() throws Exception {
    InferResult result = get(client.infer(request("m")));

    assertThat(result.output("OUT").sizeBytes()).isZero();
    assertThat(result.output("OUT").shape()).containsExactly(4);
    ModelInferRequest sent = (ModelInferRequest) asked.get(0);
    InferParameter region = InferParameter.newBuilder().setStringParam("r").build();
    assertThat(sent.getInputs(0).getParametersMap())
        .isEqualTo(
            Map.of(
                "shared_memory_region", region,
                "shared_memory_offset", InferParameter.newBuilder().setInt64Param(64).build(),
                "shared_memory_byte_size", InferParameter.newBuilder().setInt64Param(24).build()));
    assertThat(sent.getInputs(1).getParametersMap()).isEmpty();
    assertThat(sent.getInputs(2).getParametersMap())
        .containsOnlyKeys("shared_memory_region", "shared_memory_byte_size");
    assertThat(sent.getRawInputContentsList())
        .containsExactly(ByteString.copyFrom(new byte[] {7, 0, 0, 0}));
    assertThat(sent.getOutputs(0).getParametersMap()).containsEntry("shared_memory_region", region);
  }

  @Test
  void aPreparedRequestMayHaveItsTensorsThere() throws Exception {
    EndOfCall end = new EndOfCall();
    PreparedRequest prepared = client.prepare(request("m"));
    var unused = client.send(prepared, ClientOptions.NO_DEADLINE, ResponseData.SKIP, end);
    assertThat(end.result().output("OUT").sizeBytes()).isZero();
    assertThat(prepared.sizeBytes()).isLessThan(400);
  }

  @Test
  void anOutputThatIsSentAllTheSameIsThere() throws Exception {
    assertThat(get(client.infer(request("data"))).output("OUT").floats()).hasSize(4);
  }

  @Test
  void anOutputThatWasNotWantedThereHasItsData() throws Exception {
    InferenceFailure failure =
        EndOfCall.failureOf(client.infer(InferRequest.to("m").output("OUT").build()));
    assertThat(failure.code()).isEqualTo(Status.Code.INTERNAL);
    assertThat(failure.text())
        .isEqualTo("response: data of output 'OUT': 0 bytes (expected: 16 for FP32 [4])");
  }

  @Test
  void sizesThatDoNotFitAreTheCallersMistake() {
    assertThatThrownBy(
            () ->
                InferInput.inSharedMemory(
                    "A", DataType.FP32, new long[] {2}, new SharedMemoryPart("r", 0, 4)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("data of input 'A': 4 bytes (expected: 8 bytes for FP32 [2])");
    assertThatThrownBy(
            () ->
                new InferInput(
                    "A",
                    DataType.INT8,
                    new long[] {1},
                    ByteBuffer.allocate(1),
                    Optional.of(new SharedMemoryPart("r", 0, 1))))
        .hasMessage("data of input 'A': there (expected: none beside shared memory)");
    assertThatThrownBy(() -> new SharedMemoryPart("r", -1, 0))
        .hasMessage("offset: -1 (expected: >= 0)");
    assertThatThrownBy(() -> new SharedMemoryPart("r", 0, -1))
        .hasMessage("byteSize: -1 (expected: >= 0)");
  }
}
