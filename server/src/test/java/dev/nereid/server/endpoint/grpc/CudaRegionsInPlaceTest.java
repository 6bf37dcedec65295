package dev.nereid.server.endpoint.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.ByteString;
import dev.nereid.protocol.CudaSharedMemoryRegisterRequest;
import dev.nereid.protocol.CudaSharedMemoryUnregisterRequest;
import dev.nereid.protocol.ModelInferRequest;
import dev.nereid.protocol.ModelInferRequest.InferInputTensor;
import dev.nereid.protocol.ModelInferRequest.InferRequestedOutputTensor;
import dev.nereid.protocol.ModelInferResponse;
import dev.nereid.server.GpuMemory;
import dev.nereid.server.gpu.FakeDevice;
import dev.nereid.server.memory.RegionLocking;
import dev.nereid.server.memory.SharedRegions;
import dev.nereid.server.repository.ModelFolders;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tensors that a model uses where they lie on its GPU, by a driver that was built here, which
 * counts what comes to the host and goes back.
 */
@SuppressWarnings("NullAway.Init") // JUnit fills these before each test.
class CudaRegionsInPlaceTest {

  /** Where a tensor lies: in the request, or in the region of GPU 0 or 1. */
  private enum Place {
    WIRE(-1),
    G0(0),
    G1(1);

    private final int device;

    Place(int device) {
      this.device = device;
    }
  }

  private static final int REQUESTS = 27;
  private static final int TENSOR_BYTES = 64;

  /** Four tensors a request. */
  private static final int SIZE = REQUESTS * 4 * TENSOR_BYTES;

  @TempDir Path models;
  @TempDir Path libraries;
  private final Hold hold = new Hold();
  private final DeviceBackend backend = new DeviceBackend(hold);
  private final int[] shared = new int[2];
  private FakeDevice gpus;
  private TestEndpoint server;

  @BeforeEach
  void serve() throws Exception {
    gpus = new FakeDevice(libraries, 2);
    String whole =
        "dynamic_batching { preferred_batch_size: [ 27 ] max_queue_delay_microseconds: 30000000 }";
    new ModelFolders(models)
        .config("batched", config("[ 0 ]", whole), "1")
        .config("staged", config("[ 0 ]", whole + parameter("in_place", "false")), "1")
        .config("single", config("[ 0 ]", ""), "1")
        .config("held", config("[ 0 ]", parameter("hold", "yes")), "1")
        .config("both", config("[ 0, 1 ]", parameter("hold", "yes")), "1");
    server =
        TestEndpoint.serve(
            models,
            SharedRegions.allowed(
                RegionLocking.NONE, GpuMemory.of(Optional.of(gpus.driver())).shared()),
            backend,
            List.of(0, 1));
    for (int device = 0; device < 2; device++) {
      shared[device] = gpus.share(SIZE);
      var unused =
          server
              .stub()
              .cudaSharedMemoryRegister(
                  CudaSharedMemoryRegisterRequest.newBuilder()
                      .setName("G" + device)
                      .setRawHandle(ByteString.copyFrom(gpus.handle(shared[device])))
                      .setDeviceId(device)
                      .setByteSize(SIZE)
                      .build());
    }
  }

  @AfterEach
  void stop() {
    hold.release();
    if (server != null) {
      server.close();
      gpus.assertGivenBack();
    }
  }

  private static String config(String on, String more) {
    return """
        backend: "device"
        max_batch_size: 27
        input [
          { name: "INPUT0" data_type: TYPE_INT32 dims: [ 16 ] },
          { name: "INPUT1" data_type: TYPE_INT32 dims: [ 16 ] }
        ]
        output [
          { name: "OUTPUT0" data_type: TYPE_INT32 dims: [ 16 ] },
          { name: "OUTPUT1" data_type: TYPE_INT32 dims: [ 16 ] }
        ]
        instance_group [ { kind: KIND_GPU count: 1 gpus: %s } ]
        %s
        """
        .formatted(on, more);
  }

  private static String parameter(String key, String value) {
    return " parameters { key: \"%s\" value { string_value: \"%s\" } }".formatted(key, value);
  }

  private void unregister(String name) {
    var unused =
        server
            .stub()
            .cudaSharedMemoryUnregister(
                CudaSharedMemoryUnregisterRequest.newBuilder().setName(name).build());
  }

  private int copies() {
    return gpus.fake().ask("fake_copies");
  }

  /** The numbers of one input of one request, which no other has. */
  private static int[] numbers(int request, int input) {
    int[] numbers = new int[16];
    for (int k = 0; k < numbers.length; k++) {
      numbers[k] = 1000 * request + 100_000 * input + k;
    }
    return numbers;
  }

  private static long offset(int request, int tensor) {
    return (4L * request + tensor) * TENSOR_BYTES;
  }

  /** The i-th request's tensors, each where it is to lie: two inputs, two outputs. */
  private ModelInferRequest.Builder request(String model, int i, Place... places) {
    ModelInferRequest.Builder request = ModelInferRequest.newBuilder().setModelName(model);
    for (int k = 0; k < 2; k++) {
      InferInputTensor.Builder input = Requests.input("INPUT" + k, "INT32", 1, 16);
      if (places[k] == Place.WIRE) {
        request.addRawInputContents(Requests.ints(numbers(i, k)));
      } else {
        gpus.memory(shared[places[k].device]).write(offset(i, k), numbers(i, k), 0, 16);
        input.putParameters("shared_memory_region", Requests.parameter(places[k].name()));
        input.putParameters("shared_memory_offset", Requests.parameter(offset(i, k)));
        input.putParameters("shared_memory_byte_size", Requests.parameter((long) TENSOR_BYTES));
      }
      request.addInputs(input);
    }
    for (int k = 0; k < 2; k++) {
      request.addOutputs(output(i, k, places[2 + k], TENSOR_BYTES));
    }
    return request;
  }

  private static InferRequestedOutputTensor.Builder output(
      int i, int k, Place place, long byteSize) {
    InferRequestedOutputTensor.Builder output = Requests.output("OUTPUT" + k);
    if (place != Place.WIRE) {
      output.putParameters("shared_memory_region", Requests.parameter(place.name()));
      output.putParameters("shared_memory_offset", Requests.parameter(offset(i, 2 + k)));
      output.putParameters("shared_memory_byte_size", Requests.parameter(byteSize));
    }
    return output;
  }

  private void assertAnswer(ModelInferResponse answer, int i, Place... places) {
    for (int k = 0; k < 2; k++) {
      int[] expected = new int[16];
      for (int e = 0; e < 16; e++) {
        int second = numbers(i, 1)[e];
        expected[e] = numbers(i, 0)[e] + (k == 0 ? second : -second);
      }
      ByteString raw = answer.getRawOutputContents(k);
      int[] found = new int[16];
      if (places[2 + k] == Place.WIRE) {
        raw.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(found);
      } else {
        assertThat(raw).isEmpty();
        gpus.memory(shared[places[2 + k].device]).read(offset(i, 2 + k), found, 0, 16);
      }
      assertThat(found).as("output %s of request %s", k, i).isEqualTo(expected);
      assertThat(answer.getOutputs(k).getShapeList()).containsExactly(1L, 16L);
    }
  }

  private static void refused(ThrowingCallable call, Status.Code code, String text) {
    StatusRuntimeException refusal = catchThrowableOfType(StatusRuntimeException.class, call);
    assertThat(refusal).isNotNull();
    assertThat(refusal.getStatus().getDescription()).isEqualTo(text);
    assertThat(refusal.getStatus().getCode()).isEqualTo(code);
  }

  /** One batch of requests with their tensors in every combination of places. */
  private void assertAllCombinations(String model) throws Exception {
    List<Place[]> places = new ArrayList<>();
    List<ListenableFuture<ModelInferResponse>> answers = new ArrayList<>();
    Place[] all = Place.values();
    for (int i = 0; i < REQUESTS; i++) {
      Place[] of = {all[i % 3], all[i / 3 % 3], all[i / 9], all[(i / 9 + i) % 3]};
      places.add(of);
      answers.add(server.futures().modelInfer(request(model, i, of).build()));
    }
    for (int i = 0; i < REQUESTS; i++) {
      assertAnswer(answers.get(i).get(30, TimeUnit.SECONDS), i, places.get(i));
    }
    assertThat(backend.batches()).isEqualTo(1);
  }

  @Test
  void whatLiesOnTheModelsGpuNeverComesToTheHost() throws Exception {
    assertAllCombinations("batched");

    assertThat(backend.read()).as("inputs on GPU 0").isEqualTo(18);
    assertThat(backend.written()).as("outputs on GPU 0").isEqualTo(18);
    assertThat(copies()).as("inputs and outputs on GPU 1").isEqualTo(18 + 18);
  }

  @Test
  void aModelThatDoesNotUseMemoryOfItsGpuGetsAllOfItOnTheHost() throws Exception {
    assertAllCombinations("staged");

    assertThat(backend.read() + backend.written()).isZero();
    assertThat(copies()).as("inputs and outputs on both").isEqualTo(36 + 36);
  }

  @Test
  void anInstanceOnAnotherGpuIsGivenACopy() throws Exception {
    Place[] places = {Place.G0, Place.WIRE, Place.G0, Place.WIRE};
    List<ListenableFuture<ModelInferResponse>> answers = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      answers.add(server.futures().modelInfer(request("both", i, places).build()));
      hold.awaitBatch();
    }
    hold.release();
    for (int i = 0; i < 2; i++) {
      assertAnswer(answers.get(i).get(30, TimeUnit.SECONDS), i, places);
    }

    assertThat(backend.read()).as("by the instance on GPU 0").isEqualTo(1);
    assertThat(backend.written()).as("by the instance on GPU 0").isEqualTo(1);
    assertThat(copies()).as("for the instance on GPU 1, in and out").isEqualTo(2);
  }

  @Test
  void aCopyThatFailsFailsItsRequestInTheDriversWords() throws Exception {
    Place[] places = {Place.G0, Place.WIRE, Place.G0, Place.WIRE};
    List<ListenableFuture<ModelInferResponse>> answers = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      answers.add(server.futures().modelInfer(request("both", i, places).build()));
      hold.awaitBatch();
    }
    gpus.fake().tell("fake_fail", "cuStreamSynchronize", 2);
    hold.release();

    List<String> failures = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      try {
        assertAnswer(answers.get(i).get(30, TimeUnit.SECONDS), i, places);
      } catch (ExecutionException e) {
        failures.add(String.valueOf(Status.fromThrowable(e).getDescription()));
      }
    }
    assertThat(failures)
        .containsExactly(
            "CUDA shared memory region 'G0': cuStreamSynchronize: CUDA_ERROR_OUT_OF_MEMORY (2): out"
                + " of memory");
  }

  @Test
  void aRegionThatIsUnregisteredInUseStaysUntilTheBatchHasRun() throws Exception {
    Place[] places = {Place.G0, Place.G0, Place.G0, Place.G0};
    ListenableFuture<ModelInferResponse> answer =
        server.futures().modelInfer(request("held", 3, places).build());
    hold.awaitBatch();

    unregister("G0");

    assertThat(server.memory().usedBytes()).as("on the host").isZero();
    assertThat(gpus.fake().ask("fake_opened", shared[0])).isEqualTo(1);
    hold.release();
    assertAnswer(answer.get(30, TimeUnit.SECONDS), 3, places);
    Hold.until(() -> server.regions().mapped() == 1);
    assertThat(gpus.fake().ask("fake_opened", shared[0])).isZero();
    assertThat(copies()).isZero();
  }

  @Test
  void aRequestThatIsCancelledKeepsItsRegionsWhileItRuns() throws Exception {
    ListenableFuture<ModelInferResponse> running =
        server
            .futures()
            .modelInfer(request("held", 0, Place.WIRE, Place.WIRE, Place.G0, Place.WIRE).build());
    hold.awaitBatch();
    ListenableFuture<ModelInferResponse> waiting =
        server
            .futures()
            .modelInfer(request("held", 1, Place.G1, Place.WIRE, Place.G1, Place.WIRE).build());
    // Both are there once a later call of the connection is answered.
    unregister("none");
    running.cancel(true);
    waiting.cancel(true);
    unregister("");

    Hold.until(() -> server.regions().mapped() == 1);
    assertThat(gpus.fake().ask("fake_opened", shared[1])).as("waited").isZero();
    assertThat(gpus.fake().ask("fake_opened", shared[0])).as("is written").isEqualTo(1);
    hold.release();
    Hold.until(() -> server.regions().mapped() == 0);
    assertThat(backend.written()).isEqualTo(1);
  }

  @Test
  void whatDoesNotFitIsRefusedAsElsewhere() {
    ModelInferRequest.Builder request =
        request("single", 0, Place.G0, Place.G0, Place.G0, Place.WIRE);
    InferInputTensor good = request.getInputs(0);
    refused(
        () -> server.stub().modelInfer(request.setInputs(0, sized(good, TENSOR_BYTES - 4)).build()),
        Status.Code.INVALID_ARGUMENT,
        "[request id: <id_unknown>] input byte size mismatch for input 'INPUT0' for model"
            + " 'single'. Expected 64, got 60");
    refused(
        () -> server.stub().modelInfer(request.setInputs(0, sized(good, SIZE + 1)).build()),
        Status.Code.INVALID_ARGUMENT,
        "Invalid offset + byte size for shared memory region: 'G0'");
    request.setInputs(0, good).setOutputs(0, output(0, 0, Place.G0, TENSOR_BYTES - 4));
    refused(
        () -> server.stub().modelInfer(request.build()),
        Status.Code.INTERNAL,
        "shared memory size specified with the request for output 'OUTPUT0' (60 bytes) should be"
            + " at least 64 bytes to hold the results");
    assertThat(backend.written()).isZero();
    request.setOutputs(0, output(0, 0, Place.G0, TENSOR_BYTES + 4));
    assertAnswer(
        server.stub().modelInfer(request.build()), 0, Place.G0, Place.G0, Place.G0, Place.WIRE);
    assertThat(backend.written()).isEqualTo(1);
  }

  private static InferInputTensor.Builder sized(InferInputTensor input, long byteSize) {
    return input.toBuilder().putParameters("shared_memory_byte_size", Requests.parameter(byteSize));
  }
}
