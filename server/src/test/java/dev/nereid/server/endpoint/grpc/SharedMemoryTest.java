package dev.nereid.server.endpoint.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.ByteString;
import dev.nereid.protocol.ModelInferRequest;
import dev.nereid.protocol.ModelInferRequest.InferInputTensor;
import dev.nereid.protocol.ModelInferRequest.InferRequestedOutputTensor;
import dev.nereid.protocol.ModelInferResponse;
import dev.nereid.protocol.ModelInferResponse.InferOutputTensor;
import dev.nereid.protocol.ServerMetadataRequest;
import dev.nereid.protocol.SystemSharedMemoryRegisterRequest;
import dev.nereid.protocol.SystemSharedMemoryStatusRequest;
import dev.nereid.protocol.SystemSharedMemoryStatusResponse.RegionStatus;
import dev.nereid.protocol.SystemSharedMemoryUnregisterRequest;
import dev.nereid.server.memory.DeviceMemory;
import dev.nereid.server.memory.RegionLocking;
import dev.nereid.server.memory.SharedObject;
import dev.nereid.server.memory.SharedRegions;
import dev.nereid.server.repository.ModelFolders;
import dev.nereid.tensor.BytesTensors;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tensors in the system's shared memory, by a real client; the texts are Triton's. */
@SuppressWarnings("NullAway.Init") // JUnit fills these before each test.
class SharedMemoryTest {

  private static final int SIZE = 8192;

  private static final String DELAY =
      "parameters { key: \"execute_delay_ms\" value { string_value: \"1\" } }";

  @TempDir Path models;
  private final SharedObject object = SharedObject.create(SIZE);
  private final Hold hold = new Hold();
  private TestEndpoint server;

  @BeforeEach
  void serve() throws Exception {
    TestEndpoint.simple(models);
    new ModelFolders(models)
        .config("strings", TestEndpoint.identity("TYPE_STRING", 8, ""), "1")
        .config("heldstrings", TestEndpoint.identity("TYPE_STRING", 8, DELAY), "1")
        .config("held", TestEndpoint.identity("TYPE_INT32", 8, DELAY), "1");
    server =
        TestEndpoint.serve(
            models, SharedRegions.allowed(RegionLocking.NONE, DeviceMemory.NONE), hold);
  }

  @AfterEach
  void stop() {
    hold.release();
    server.close();
    object.close();
  }

  private void register(String name, long offset, long byteSize) {
    var unused =
        server
            .stub()
            .systemSharedMemoryRegister(
                SystemSharedMemoryRegisterRequest.newBuilder()
                    .setName(name)
                    .setKey(object.key())
                    .setOffset(offset)
                    .setByteSize(byteSize)
                    .build());
  }

  private void unregister(String name) {
    var unused =
        server
            .stub()
            .systemSharedMemoryUnregister(
                SystemSharedMemoryUnregisterRequest.newBuilder().setName(name).build());
  }

  private static InferInputTensor.Builder in(
      InferInputTensor.Builder input, String region, long offset, long byteSize) {
    return input
        .putParameters("shared_memory_region", Requests.parameter(region))
        .putParameters("shared_memory_offset", Requests.parameter(offset))
        .putParameters("shared_memory_byte_size", Requests.parameter(byteSize));
  }

  private static InferRequestedOutputTensor.Builder in(
      InferRequestedOutputTensor.Builder output, String region, long offset, long byteSize) {
    return output
        .putParameters("shared_memory_region", Requests.parameter(region))
        .putParameters("shared_memory_offset", Requests.parameter(offset))
        .putParameters("shared_memory_byte_size", Requests.parameter(byteSize));
  }

  /** Both inputs in region {@code r}, 64 bytes each. */
  private static ModelInferRequest.Builder inputs(long first, long second) {
    return Requests.simple(
        in(Requests.input("INPUT0", "INT32", 1, 16), "r", first, 64),
        in(Requests.input("INPUT1", "INT32", 1, 16), "r", second, 64));
  }

  private void refused(ModelInferRequest.Builder request, Status.Code code, String text) {
    refused(() -> server.stub().modelInfer(request.build()), code, text);
  }

  private static void refused(ThrowingCallable call, Status.Code code, String text) {
    StatusRuntimeException refusal = catchThrowableOfType(StatusRuntimeException.class, call);
    assertThat(refusal).isNotNull();
    assertThat(refusal.getStatus().getDescription()).isEqualTo(text);
    assertThat(refusal.getStatus().getCode()).isEqualTo(code);
  }

  private static int[] counting() {
    return IntStream.range(0, 16).toArray();
  }

  @Test
  void inputsAreReadFromRegionsAndOutputsWrittenToThem() {
    register("r", 0, SIZE);
    object.putInts(0, counting());
    object.putInts(64, 41, 42, 43);

    ModelInferResponse answer =
        server
            .stub()
            .modelInfer(
                inputs(0, 64)
                    .addOutputs(in(Requests.output("OUTPUT0"), "r", 1000, 64))
                    .addOutputs(in(Requests.output("OUTPUT1"), "r", 2000, 200))
                    .build());

    assertThat(object.ints(1000, 16)).isEqualTo(counting());
    assertThat(object.ints(2000, 17)).startsWith(41, 42, 43, 0).endsWith(0);
    assertThat(answer.getRawOutputContentsList())
        .containsExactly(ByteString.EMPTY, ByteString.EMPTY);
    assertThat(answer.getOutputsList())
        .containsExactly(
            InferOutputTensor.newBuilder()
                .setName("OUTPUT0")
                .setDatatype("INT32")
                .addShape(1)
                .addShape(16)
                .build(),
            InferOutputTensor.newBuilder()
                .setName("OUTPUT1")
                .setDatatype("INT32")
                .addShape(1)
                .addShape(16)
                .build());
  }

  @Test
  void anAnswerMayCarryWhatLiesInARegion() {
    register("r", 0, SIZE);
    object.putInts(0, counting());
    object.putInts(68, counting());

    ModelInferResponse answer = server.stub().modelInfer(inputs(0, 68).build());

    assertThat(answer.getRawOutputContentsList())
        .containsExactly(Requests.COUNTING, Requests.COUNTING);
  }

  @Test
  void anOutputMayOverlapItsInput() {
    register("r", 0, SIZE);
    object.putInts(0, counting());

    var unused =
        server
            .stub()
            .modelInfer(
                inputs(0, 64).addOutputs(in(Requests.output("OUTPUT0"), "r", 4, 64)).build());

    assertThat(object.ints(4, 16)).isEqualTo(counting());
  }

  @Test
  void rawContentsAreOfTheInputsThatAreNotInSharedMemory() {
    register("r", 0, SIZE);
    object.putInts(0, counting());

    for (boolean regionFirst : new boolean[] {true, false}) {
      InferInputTensor.Builder first = Requests.input("INPUT0", "INT32", 1, 16);
      InferInputTensor.Builder second = Requests.input("INPUT1", "INT32", 1, 16);
      ModelInferRequest.Builder request =
          Requests.simple(
              regionFirst ? in(first, "r", 0, 64) : first,
              regionFirst ? second : in(second, "r", 0, 64));
      // One too many, which counts for nothing.
      request.addRawInputContents(Requests.ONES).addRawInputContents(Requests.ints(5, 5));

      ModelInferResponse answer = server.stub().modelInfer(request.build());

      assertThat(answer.getRawOutputContents(regionFirst ? 0 : 1)).isEqualTo(Requests.COUNTING);
      assertThat(answer.getRawOutputContents(regionFirst ? 1 : 0)).isEqualTo(Requests.ONES);
    }
  }

  @Test
  void stringsMayLieInRegions() {
    register("r", 0, SIZE);
    ByteBuffer texts = BytesTensors.ofStrings("alpha", "", "gamma");
    int bytes = texts.remaining();
    object.bytes().put(128, texts, texts.position(), bytes);
    ModelInferRequest.Builder request =
        ModelInferRequest.newBuilder()
            .setModelName("strings")
            .addInputs(in(Requests.input("INPUT0", "BYTES", 1, 3), "r", 128, bytes))
            .addOutputs(in(Requests.output("OUTPUT0"), "r", 4096, 64));

    var unused = server.stub().modelInfer(request.build());

    ByteBuffer written = object.bytes().position(4096).limit(4096 + bytes).slice();
    assertThat(BytesTensors.toStrings(written)).containsExactly("alpha", "", "gamma");
  }

  @Test
  void lengthsOfStringsStayWhatTheyWereWhenTheyWereChecked() throws Exception {
    register("r", 0, SIZE);
    ByteBuffer texts = BytesTensors.ofStrings("alpha");
    int bytes = texts.remaining();
    object.bytes().put(0, texts, texts.position(), bytes);
    ListenableFuture<ModelInferResponse> running =
        server
            .futures()
            .modelInfer(
                ModelInferRequest.newBuilder()
                    .setModelName("heldstrings")
                    .addInputs(in(Requests.input("INPUT0", "BYTES", 1, 1), "r", 0, bytes))
                    .build());
    hold.awaitBatch();
    object.putInts(0, Integer.MAX_VALUE);
    hold.release();

    ModelInferResponse answer = running.get(30, TimeUnit.SECONDS);
    assertThat(BytesTensors.toStrings(answer.getRawOutputContents(0).asReadOnlyByteBuffer()))
        .containsExactly("alpha");
  }

  private ListenableFuture<ModelInferResponse> heldInt(long offset) {
    return server
        .futures()
        .modelInfer(
            ModelInferRequest.newBuilder()
                .setModelName("held")
                .addInputs(in(Requests.input("INPUT0", "INT32", 1, 16), "r", offset, 64))
                .addOutputs(in(Requests.output("OUTPUT0"), "r", 1024, 64))
                .build());
  }

  @Test
  void aRegionThatARequestUsesIsUnmappedAfterIt() throws Exception {
    register("r", 0, SIZE);
    object.putInts(0, counting());
    ListenableFuture<ModelInferResponse> running = heldInt(0);
    hold.awaitBatch();

    unregister("r");

    refused(inputs(0, 64), Status.Code.NOT_FOUND, "Unable to find shared memory region: 'r'");
    register("r", 4096, 64);
    assertThat(server.regions().mapped()).isEqualTo(2);
    hold.release();
    assertThat(running.get(30, TimeUnit.SECONDS).getRawOutputContents(0)).isEmpty();
    assertThat(object.ints(1024, 16)).isEqualTo(counting());
    Hold.until(() -> server.regions().mapped() == 1);
  }

  @Test
  void aRequestThatIsCancelledLetsItsRegionsGo() throws Exception {
    register("r", 0, SIZE);
    ListenableFuture<ModelInferResponse> running = heldInt(0);
    hold.awaitBatch();
    ListenableFuture<ModelInferResponse> waiting = heldInt(64);

    running.cancel(true);
    waiting.cancel(true);
    unregister("r");
    hold.release();

    Hold.until(() -> server.regions().mapped() == 0);
    assertThat(object.ints(1024, 16)).containsOnly(0);
  }

  @Test
  void aRegisteredRegionIsListedUntilItIsNot() {
    register("a", 0, 64);
    register("b", 4096, 128);

    assertThat(status("").values())
        .containsExactlyInAnyOrder(
            RegionStatus.newBuilder().setName("a").setKey(object.key()).setByteSize(64).build(),
            RegionStatus.newBuilder()
                .setName("b")
                .setKey(object.key())
                .setOffset(4096)
                .setByteSize(128)
                .build());
    assertThat(status("b")).containsOnlyKeys("b");
    unregister("a");
    unregister("nope");
    assertThat(status("")).containsOnlyKeys("b");
    unregister("");
    assertThat(status("")).isEmpty();
    refused(
        () -> status("b"),
        Status.Code.NOT_FOUND,
        "Unable to find system shared memory region: 'b'");
  }

  private java.util.Map<String, RegionStatus> status(String name) {
    return server
        .stub()
        .systemSharedMemoryStatus(
            SystemSharedMemoryStatusRequest.newBuilder().setName(name).build())
        .getRegionsMap();
  }

  @Test
  void whatCannotBeRegisteredIsRefused() {
    register("r", 0, SIZE);
    refused(
        () -> register("r", 0, 64),
        Status.Code.ALREADY_EXISTS,
        "shared memory region 'r' already in manager");
    refused(
        () -> register("s", 0, SIZE + 1),
        Status.Code.INVALID_ARGUMENT,
        "failed to register shared memory region 's': invalid args");
    refused(
        () -> {
          var unused =
              server
                  .stub()
                  .systemSharedMemoryRegister(
                      SystemSharedMemoryRegisterRequest.newBuilder()
                          .setName("s")
                          .setKey("/nereid-test-none")
                          .setByteSize(64)
                          .build());
        },
        Status.Code.INTERNAL,
        "Unable to open shared memory region: '/nereid-test-none'");
  }

  @Test
  void aTensorLiesWithinItsRegionAndFitsItsSize() {
    register("r", 0, 4096);
    refused(
        Requests.simple(
            in(Requests.input("INPUT0", "INT32", 1, 16), "r", 0, 60),
            in(Requests.input("INPUT1", "INT32", 1, 16), "r", 64, 64)),
        Status.Code.INVALID_ARGUMENT,
        "[request id: <id_unknown>] input byte size mismatch for input 'INPUT0' for model"
            + " 'simple'. Expected 64, got 60");
    refused(
        inputs(4096, 0),
        Status.Code.INVALID_ARGUMENT,
        "Invalid offset for shared memory region: 'r'");
    refused(
        inputs(-4, 0),
        Status.Code.INVALID_ARGUMENT,
        "Invalid offset for shared memory region: 'r'");
    refused(
        inputs(0, 4096 - 32),
        Status.Code.INVALID_ARGUMENT,
        "Invalid offset + byte size for shared memory region: 'r'");
    refused(
        Requests.simple().addOutputs(in(Requests.output("OUTPUT0"), "r", 4090, 64)),
        Status.Code.INVALID_ARGUMENT,
        "Invalid offset + byte size for shared memory region: 'r'");
    refused(
        Requests.simple().addOutputs(in(Requests.output("OUTPUT0"), "nope", 0, 64)),
        Status.Code.NOT_FOUND,
        "Unable to find shared memory region: 'nope'");
    refused(
        Requests.simple().addOutputs(in(Requests.output("OUTPUT0"), "r", 128, 32)),
        Status.Code.INTERNAL,
        "shared memory size specified with the request for output 'OUTPUT0' (32 bytes) should be"
            + " at least 64 bytes to hold the results");
    refused(
        Requests.simple()
            .addOutputs(
                in(Requests.output("OUTPUT0"), "r", 0, 64)
                    .putParameters("classification", Requests.parameter(3L))),
        Status.Code.INVALID_ARGUMENT,
        "output can't set both 'shared_memory_region' and 'classification'");
    unregister("");
    Hold.until(() -> server.regions().mapped() == 0);
  }

  @Test
  void theServerSaysThatItHasSharedMemory() {
    assertThat(
            server
                .stub()
                .serverMetadata(ServerMetadataRequest.getDefaultInstance())
                .getExtensionsList())
        .containsExactly(
            "classification",
            "model_repository",
            "schedule_policy",
            "model_configuration",
            "system_shared_memory",
            "parameters",
            "statistics");
  }
}
