package dev.nereid.server.endpoint.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import dev.nereid.protocol.InferParameter;
import dev.nereid.protocol.InferTensorContents;
import dev.nereid.protocol.ModelInferRequest;
import dev.nereid.protocol.ModelInferRequest.InferInputTensor;
import dev.nereid.server.metrics.Refusal;
import dev.nereid.server.repository.ModelFolders;
import dev.nereid.tensor.BytesTensors;
import dev.nereid.tensor.RawTensors;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a client gets for requests that are wrong: Triton's codes and texts, to the letter. */
@SuppressWarnings("NullAway.Init") // JUnit fills these before the tests.
class RefusalTest {

  private static final String NOTE =
      " NOTE: Setting a non-zero max_batch_size in the model config requires a batch dimension to"
          + " be prepended to each input shape. If you want to specify the full shape including"
          + " the batch dim in your input dims config, try setting max_batch_size to zero. See the"
          + " model configuration docs for more info on max_batch_size.";
  private static final String NO_ID = "[request id: <id_unknown>] ";

  @TempDir static Path models;
  private static TestEndpoint server;

  @BeforeAll
  static void serve() throws Exception {
    TestEndpoint.simple(models);
    ModelFolders folders = new ModelFolders(models);
    folders.config("bytes", TestEndpoint.identity("TYPE_STRING", 8, ""), "1");
    folders.config("nobatch", TestEndpoint.identity("TYPE_FP32", 0, ""), "1");
    folders.config(
        "matrix",
        """
        backend: "identity"
        input [ { name: "INPUT0" data_type: TYPE_FP32 dims: [ -1, 4 ] } ]
        output [ { name: "OUTPUT0" data_type: TYPE_FP32 dims: [ -1, 4 ] } ]
        """,
        "1");
    folders.config("half", TestEndpoint.identity("TYPE_FP16", 8, ""), "1");
    folders.config("int8", TestEndpoint.identity("TYPE_INT8", 8, ""), "1");
    folders.config("uint16", TestEndpoint.identity("TYPE_UINT16", 8, ""), "1");
    folders.config(
        "optional",
        """
        backend: "identity"
        max_batch_size: 4
        input [
          { name: "INPUT0" data_type: TYPE_INT32 dims: [ 2 ] },
          { name: "INPUT1" data_type: TYPE_INT32 dims: [ 2 ] },
          { name: "INPUT2" data_type: TYPE_INT32 dims: [ 2 ] optional: true },
          { name: "INPUT3" data_type: TYPE_INT32 dims: [ 2 ] optional: true }
        ]
        output [ { name: "OUTPUT0" data_type: TYPE_INT32 dims: [ 2 ] } ]
        """,
        "1");
    server = TestEndpoint.serve(models);
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  private static void refused(ModelInferRequest.Builder request, Status.Code code, String text) {
    StatusRuntimeException refusal =
        catchThrowableOfType(
            StatusRuntimeException.class, () -> server.stub().modelInfer(request.build()));
    assertThat(refusal).isNotNull();
    assertThat(refusal.getStatus().getDescription()).isEqualTo(text);
    assertThat(refusal.getStatus().getCode()).isEqualTo(code);
  }

  private static void invalid(ModelInferRequest.Builder request, String text) {
    refused(request, Status.Code.INVALID_ARGUMENT, text);
  }

  private static InferInputTensor.Builder first(long... shape) {
    return Requests.input("INPUT0", "INT32", shape);
  }

  private static InferInputTensor.Builder second() {
    return Requests.input("INPUT1", "INT32", 1, 16);
  }

  private static ModelInferRequest.Builder raw(
      ModelInferRequest.Builder request, ByteString... data) {
    for (ByteString entry : data) {
      request.addRawInputContents(entry);
    }
    return request;
  }

  /** A request whose first input is changed. */
  private static ModelInferRequest.Builder first(Consumer<InferInputTensor.Builder> change) {
    ModelInferRequest.Builder request = Requests.simple();
    change.accept(request.getInputsBuilder(0));
    return request;
  }

  @Test
  void aModelThatIsNotThereIsNotFound() {
    refused(
        Requests.simple().setModelName("nope"),
        Status.Code.NOT_FOUND,
        "Request for unknown model: 'nope' is not found");
    refused(
        ModelInferRequest.newBuilder(),
        Status.Code.NOT_FOUND,
        "Request for unknown model: '' is not found");
  }

  @Test
  void aVersionThatIsNotThereIsNotFound() {
    refused(
        Requests.simple().setModelVersion("9"),
        Status.Code.NOT_FOUND,
        "Request for unknown model: 'simple' version 9 is not found");
  }

  @Test
  void aVersionThatIsNoNumberAboveZeroIsInvalid() {
    invalid(
        Requests.simple().setModelVersion("abc"),
        "failed to get model version from specified version string 'abc' (details: stol), version"
            + " should be an integral value > 0");
    invalid(
        Requests.simple().setModelVersion("-1"),
        "invalid model version specified '-1' , version should be an integral value > 0");
    invalid(
        Requests.simple().setModelVersion("0"),
        "invalid model version specified '0' , version should be an integral value > 0");
  }

  @Test
  void aShapeThatIsNotTheModelsIsShownBesideIt() {
    invalid(
        raw(Requests.simple(first(1, 15), second()), Requests.COUNTING.substring(4), Requests.ONES),
        NO_ID
            + "unexpected shape for input 'INPUT0' for model 'simple'. Expected [-1,16], got"
            + " [1,15]."
            + NOTE);
    invalid(
        raw(Requests.simple(first(1, 4, 4), second()), Requests.COUNTING, Requests.ONES),
        NO_ID
            + "unexpected shape for input 'INPUT0' for model 'simple'. Expected [-1,16], got"
            + " [1,4,4]."
            + NOTE);
  }

  @Test
  void theNoteOnBatchesIsForModelsThatBatch() {
    invalid(
        Requests.one("nobatch", "FP32", ByteBuffer.allocate(12), 1, 3).toBuilder(),
        NO_ID
            + "unexpected shape for input 'INPUT0' for model 'nobatch'. Expected [-1], got [1,3]. ");
  }

  @Test
  void outputsAreCheckedBeforeTheNumberOfInputs() {
    invalid(
        raw(Requests.simple(first(1, 16)), Requests.COUNTING).addOutputs(Requests.output("NOPE")),
        "unexpected inference output 'NOPE' for model 'simple'");
  }

  @Test
  void oneInputIsCheckedToItsEndBeforeTheNext() {
    invalid(
        raw(Requests.simple(first(1, 15), second()), Requests.COUNTING, Requests.ONES.substring(4)),
        NO_ID
            + "input byte size mismatch for input 'INPUT1' for model 'simple'. Expected 64, got 60");
  }

  @Test
  void theFirstDimensionThatIsWrongIsNamed() {
    String unspecified = "All input dimensions should be specified for input 'INPUT0' for model ";
    String unexpected = "unexpected shape for input 'INPUT0' for model 'matrix'. Expected ";
    matrix(NO_ID + unspecified + "'matrix', got [-1,4]", -1, 4);
    matrix(NO_ID + unspecified + "'matrix', got [-1,5]", -1, 5);
    matrix(NO_ID + unspecified + "'matrix', got [1,-1]", 1, -1);
    matrix(NO_ID + unexpected + "[-1,4], got [-5,5]. ", -5, 5);
    matrix(NO_ID + unexpected + "[-1,4], got [-1]. ", -1);
    matrix(NO_ID + unexpected + "[-1,4], got []. ");
    matrix("tensor 'INPUT0' contains an invalid dimension [-5,4]", -5, 4);
    invalid(
        Requests.one("bytes", "BYTES", ByteBuffer.allocate(0), 1, -5).toBuilder(),
        "tensor 'INPUT0' contains an invalid dimension in shape [1,-5]");
  }

  private static void matrix(String text, long... shape) {
    invalid(Requests.one("matrix", "FP32", ByteBuffer.allocate(16), shape).toBuilder(), text);
  }

  @Test
  void everyDimensionMustBeSpecified() {
    invalid(
        Requests.one("bytes", "BYTES", BytesTensors.ofStrings("a"), -1, 1).toBuilder(),
        NO_ID
            + "All input dimensions should be specified for input 'INPUT0' for model 'bytes', got"
            + " [-1,1]");
    invalid(
        Requests.one("nobatch", "FP32", ByteBuffer.allocate(4), -1).toBuilder(),
        NO_ID
            + "All input dimensions should be specified for input 'INPUT0' for model 'nobatch',"
            + " got [-1]");
  }

  @Test
  void aBatchingModelNeedsABatchDimension() {
    invalid(
        raw(Requests.simple(first(), second()), Requests.COUNTING, Requests.ONES),
        NO_ID + "input 'INPUT0' has no shape but model requires batch dimension for 'simple'");
  }

  @Test
  void allInputsHaveOneBatchSize() {
    String text = NO_ID + "input 'INPUT0' batch size does not match other inputs for 'simple'";
    ByteString two = Requests.COUNTING.concat(Requests.COUNTING);
    invalid(raw(Requests.simple(first(2, 16), second()), two, Requests.ONES), text);
    invalid(raw(Requests.simple(first(16), second()), Requests.COUNTING, Requests.ONES), text);
    invalid(raw(Requests.simple(first(-1, 16), second()), Requests.COUNTING, Requests.ONES), text);
    invalid(
        raw(Requests.simple(first(1L << 40, 1L << 40), second()), Requests.COUNTING, Requests.ONES),
        text);
  }

  @Test
  void aBatchIsNoLargerThanTheModels() {
    ByteString nine = ByteString.copyFrom(new byte[9 * 64]);
    invalid(
        raw(Requests.simple(first(9, 16), Requests.input("INPUT1", "INT32", 9, 16)), nine, nine),
        NO_ID + "inference request batch-size must be <= 8 for 'simple'");
  }

  @Test
  void aBatchHasAtLeastOneRow() {
    invalid(
        raw(
            Requests.simple(first(0, 16), Requests.input("INPUT1", "INT32", 0, 16)),
            ByteString.EMPTY,
            ByteString.EMPTY),
        NO_ID
            + "input byte size mismatch for input 'INPUT1' for model 'simple'. Expected 64, got 0");
    invalid(
        raw(
            Requests.simple(first(0, 16), Requests.input("INPUT1", "INT32", 0, 16)),
            Requests.COUNTING,
            Requests.ONES),
        NO_ID + "inference request batch-size must be >= 1 for 'simple'");
  }

  @Test
  void aTypeThatIsNotTheModelsIsNamed() {
    invalid(
        first(input -> input.setDatatype("FP32")),
        NO_ID + "inference input 'INPUT0' data-type is 'FP32', but model 'simple' expects 'INT32'");
    String none =
        NO_ID
            + "inference input 'INPUT0' data-type is '<invalid>', but model 'simple' expects"
            + " 'INT32'";
    invalid(first(input -> input.setDatatype("FOO")), none);
    invalid(first(input -> input.clearDatatype()), none);
  }

  @Test
  void aTensorHasExactlyTheBytesOfItsShape() {
    invalid(
        raw(Requests.simple(first(1, 16), second()), Requests.COUNTING.substring(4), Requests.ONES),
        NO_ID
            + "input byte size mismatch for input 'INPUT0' for model 'simple'. Expected 64, got 60");
    invalid(
        raw(
            Requests.simple(first(1, 16), second()),
            Requests.COUNTING.concat(Requests.ints(1)),
            Requests.ONES),
        NO_ID
            + "input byte size mismatch for input 'INPUT0' for model 'simple'. Expected 64, got 68");
    invalid(
        raw(Requests.simple(first(1, 16), second()), ByteString.EMPTY, ByteString.EMPTY),
        NO_ID
            + "input byte size mismatch for input 'INPUT1' for model 'simple'. Expected 64, got 0");
  }

  @Test
  void aShapeOfMoreBytesThanThereAreNumbersIsRefused() {
    invalid(
        Requests.one("nobatch", "FP32", ByteBuffer.allocate(4), Long.MAX_VALUE).toBuilder(),
        "byte size for tensor 'INPUT0' exceeds maximum size of 9223372036854775807");
    invalid(
        Requests.one("bytes", "BYTES", ByteBuffer.allocate(0), 2, Long.MAX_VALUE).toBuilder(),
        "element count for tensor 'INPUT0' exceeds maximum size of 9223372036854775807");
  }

  @Test
  void theIdLeadsTheText() {
    invalid(
        first(input -> input.setDatatype("FP32")).setId("req-1"),
        "[request id: req-1] inference input 'INPUT0' data-type is 'FP32', but model 'simple'"
            + " expects 'INT32'");
  }

  @Test
  void stringElementsAreCounted() {
    invalid(
        Requests.one("bytes", "BYTES", BytesTensors.ofStrings("a"), 1, 2).toBuilder(),
        NO_ID + "expected 2 string elements for inference input 'INPUT0' for model 'bytes', got 1");
    invalid(
        Requests.one("bytes", "BYTES", BytesTensors.ofStrings("a", "b", "c"), 1, 2).toBuilder(),
        NO_ID
            + "unexpected number of string elements 3 for inference input 'INPUT0' for model"
            + " 'bytes', expecting 2");
    invalid(
        Requests.one("bytes", "BYTES", ByteBuffer.wrap(new byte[] {1, 0}), 1, 1).toBuilder(),
        NO_ID
            + "incomplete string length indicator for inference input 'INPUT0' for model 'bytes',"
            + " expecting 4 bytes but only 2 bytes available. Please make sure the string length"
            + " indicator is in one buffer.");
  }

  @Test
  void aLastStringThatIsCutOffIsLeftToTheBackend() {
    byte[] data = {-1, -1, -1, 0x7f, 'a', 'b', 'c'};

    assertThat(
            server
                .stub()
                .modelInfer(Requests.one("bytes", "BYTES", ByteBuffer.wrap(data), 1, 1))
                .getRawOutputContents(0)
                .toByteArray())
        .isEqualTo(data);
  }

  @Test
  void inputsThatAreMissingAreNamed() {
    invalid(
        raw(Requests.simple(first(1, 16)), Requests.COUNTING),
        NO_ID
            + "expected 2 inputs but got 1 inputs for model 'simple'. Got input(s) ['INPUT0'], but"
            + " missing required input(s) ['INPUT1']. Please provide all required input(s).");
    invalid(
        Requests.simple(new InferInputTensor.Builder[0]),
        NO_ID
            + "expected 2 inputs but got 0 inputs for model 'simple'. Got input(s) [], but missing"
            + " required input(s) ['INPUT0','INPUT1']. Please provide all required input(s).");
    invalid(
        raw(
            Requests.simple(first(1, 16), second(), Requests.input("FOO", "INT32", 1, 16)),
            Requests.COUNTING,
            Requests.ONES,
            Requests.ONES),
        NO_ID
            + "expected 2 inputs but got 3 inputs for model 'simple'. Got input(s)"
            + " ['FOO','INPUT1','INPUT0'], but missing required input(s) []. Please provide all"
            + " required input(s).");
  }

  @Test
  void inputsThatAreMissingAreNamedWhereOthersAreOptional() {
    ModelInferRequest.Builder one =
        raw(
            ModelInferRequest.newBuilder()
                .setModelName("optional")
                .addInputs(Requests.input("INPUT0", "INT32", 1, 2)),
            Requests.ints(1, 2));
    String rest = " Please provide all required input(s).";
    invalid(
        one,
        NO_ID
            + "expected number of inputs between 2 and 4 but got 1 inputs for model 'optional'. Got"
            + " input(s) ['INPUT0'], but missing required input(s) ['INPUT1']."
            + rest);
    // The number is right, what is there is not.
    invalid(
        raw(one.clone().addInputs(Requests.input("INPUT3", "INT32", 1, 2)), Requests.ints(1, 2)),
        NO_ID
            + "expected number of inputs between 2 and 4 but got 2 inputs for model 'optional'. Got"
            + " input(s) ['INPUT3','INPUT0'], but missing required input(s) ['INPUT1']."
            + rest);
  }

  @Test
  void namesThatTheModelDoesNotHaveAreUnexpected() {
    invalid(
        first(input -> input.setName("FOO")),
        "unexpected inference input 'FOO' for model 'simple'");
    invalid(
        Requests.simple().addOutputs(Requests.output("NOPE")),
        "unexpected inference output 'NOPE' for model 'simple'");
    invalid(
        Requests.simple().addOutputs(Requests.output("")),
        "unexpected inference output '' for model 'simple'");
  }

  @Test
  void noNameComesTwice() {
    invalid(
        first(input -> input.setName("INPUT1")),
        NO_ID + "input 'INPUT1' already exists in request");
    invalid(
        Requests.simple()
            .addOutputs(Requests.output("OUTPUT0"))
            .addOutputs(Requests.output("OUTPUT0")),
        NO_ID + "output 'OUTPUT0' already exists in request");
  }

  @Test
  void dataIsRawOrTypedAndNotBoth() {
    invalid(
        first(input -> input.setContents(ints(16))),
        "contents field must not be specified when using raw_input_contents for 'INPUT0' for model"
            + " 'simple'");
  }

  @Test
  void everyInputNeedsData() {
    invalid(
        Requests.simple(first(1, 16), second()),
        "unable to find data for input tensor 'INPUT0' for model 'simple' in request.");
    invalid(
        raw(Requests.simple(first(1, 16), second()), Requests.COUNTING),
        "unable to find data for input tensor 'INPUT1' for model 'simple' in request.");
    invalid(
        Requests.simple(first(1, 16).setContents(ints(16)), second()),
        "unable to find data for input tensor 'INPUT1' for model 'simple' in request.");
  }

  @Test
  void typedContentsAreOfTheTypesOwnField() {
    invalid(
        Requests.simple(
            first(1, 16).setContents(InferTensorContents.newBuilder().addFp32Contents(1)),
            second().setContents(ints(16))),
        "unexpected explicit tensor data for input tensor 'INPUT0' for model 'simple' of type"
            + " 'FP32', expected datatype 'INT32'");
    invalid(
        ModelInferRequest.newBuilder()
            .setModelName("half")
            .addInputs(
                Requests.input("INPUT0", "FP16", 1, 1)
                    .setContents(InferTensorContents.newBuilder().addFp32Contents(1))),
        "unexpected explicit tensor data for input tensor 'INPUT0' for model 'half' of type"
            + " 'FP32', expected datatype 'FP16'");
    invalid(
        Requests.simple(
            Requests.input("INPUT0", "FOO", 1, 16).setContents(ints(16)),
            second().setContents(ints(16))),
        "unexpected explicit tensor data for input tensor 'INPUT0' for model 'simple' of type"
            + " 'INT32', expected datatype '<invalid>'");
  }

  @Test
  void typedContentsAreInOneField() {
    invalid(
        Requests.simple(
            first(1, 16).setContents(ints(16).toBuilder().addFp32Contents(1)),
            second().setContents(ints(16))),
        "unexpected explicit tensor data for input tensor 'INPUT0' for model 'simple', binary data"
            + " was already supplied.");
  }

  @Test
  void typedContentsHaveTheirShapesNumberOfElements() {
    invalid(
        Requests.simple(first(1, 16).setContents(ints(15)), second().setContents(ints(16))),
        NO_ID
            + "input byte size mismatch for input 'INPUT0' for model 'simple'. Expected 64, got 60");
  }

  @Test
  void smallIntegersMustFit() {
    invalid(
        ModelInferRequest.newBuilder()
            .setModelName("int8")
            .addInputs(
                Requests.input("INPUT0", "INT8", 1, 1)
                    .setContents(InferTensorContents.newBuilder().addIntContents(300))),
        "contents of input 'INPUT0' for model 'int8': 300 (expected: values of INT8)");
    invalid(
        ModelInferRequest.newBuilder()
            .setModelName("uint16")
            .addInputs(
                Requests.input("INPUT0", "UINT16", 1, 1)
                    .setContents(InferTensorContents.newBuilder().addUintContents(-1))),
        "contents of input 'INPUT0' for model 'uint16': 4294967295 (expected: values of UINT16)");
  }

  private static InferTensorContents ints(int count) {
    return InferTensorContents.newBuilder()
        .addAllIntContents(IntStream.range(0, count).boxed().toList())
        .build();
  }

  @Test
  void sharedMemoryIsRefusedAsWhereItIsSwitchedOff() {
    InferParameter region = Requests.parameter("r0");
    refused(
        first(
            input ->
                input
                    .putParameters("shared_memory_region", region)
                    .putParameters("shared_memory_byte_size", Requests.parameter(64L))),
        Status.Code.UNIMPLEMENTED,
        "Client shared memory is disabled. Start the server with '--allow-client-shm=true' to"
            + " enable.");
    invalid(
        first(input -> input.putParameters("shared_memory_region", region)),
        "'shared_memory_byte_size' must be specified along with 'shared_memory_region' parameter"
            + " for tensor 'INPUT0'");
    invalid(
        first(
            input ->
                input
                    .putParameters("shared_memory_region", region)
                    .putParameters("shared_memory_byte_size", Requests.parameter(64L))
                    .setContents(ints(16))),
        "unexpected 'content' provided when using shared memory for input tensor 'INPUT0' for"
            + " model 'simple'");
    refused(
        Requests.simple()
            .addOutputs(
                Requests.output("OUTPUT0")
                    .putParameters("shared_memory_region", region)
                    .putParameters("shared_memory_byte_size", Requests.parameter(64L))),
        Status.Code.UNIMPLEMENTED,
        "Client shared memory is disabled. Start the server with '--allow-client-shm=true' to"
            + " enable.");
  }

  @Test
  void parametersOfSharedMemoryHaveTheirTypeAndComeTogether() {
    InferParameter text = Requests.parameter("r0");
    InferParameter number = Requests.parameter(64L);
    String region = "shared_memory_region";
    String size = "shared_memory_byte_size";
    String offset = "shared_memory_offset";
    invalid(
        first(input -> input.putParameters(region, number).putParameters(size, number)),
        "invalid value type for 'shared_memory_region' parameter for tensor 'INPUT0', expected"
            + " string_param.");
    invalid(
        first(input -> input.putParameters(region, text).putParameters(size, text)),
        "invalid value type for 'shared_memory_byte_size' parameter for tensor 'INPUT0', expected"
            + " int64_param.");
    invalid(
        first(
            input ->
                input
                    .putParameters(region, text)
                    .putParameters(size, number)
                    .putParameters(offset, text)),
        "invalid value type for 'shared_memory_offset' parameter for tensor 'INPUT0', expected"
            + " int64_param.");
    for (String alone : new String[] {size, offset}) {
      invalid(
          first(input -> input.putParameters(alone, number)),
          "'"
              + alone
              + "' can not be specified without 'shared_memory_region' parameter for tensor"
              + " 'INPUT0'");
    }
  }

  private static void parameter(String name, InferParameter value, String text) {
    invalid(Requests.simple().putParameters(name, value), text);
  }

  @Test
  void parametersWithAMeaningHaveTheirType() {
    InferParameter text = Requests.parameter("x");
    InferParameter number = Requests.parameter(1L);
    parameter(
        "sequence_id",
        Requests.parameter(true),
        "invalid value type for 'sequence_id' parameter, expected int64_param or string_param.");
    parameter(
        "sequence_start",
        number,
        "invalid value type for 'sequence_start' parameter, expected bool_param.");
    parameter(
        "sequence_end",
        number,
        "invalid value type for 'sequence_end' parameter, expected bool_param.");
    parameter(
        "priority",
        text,
        "invalid value type for 'priority' parameter, expected int64_param or uint64_param.");
    parameter(
        "priority", Requests.parameter(-1L), "invalid value for 'priority', expected value >= 0.");
    parameter("timeout", text, "invalid value type for 'timeout' parameter, expected int64_param.");
    parameter(
        "triton_enable_empty_final_response",
        number,
        "invalid value type for 'triton_enable_empty_final_response' parameter, expected"
            + " bool_param.");
    parameter(
        "triton_foo",
        number,
        "parameter keys starting with 'triton_' are reserved for Triton usage. Only the following"
            + " keys starting with 'triton_' are allowed: triton_enable_empty_final_response");
  }

  @Test
  void theClientsOwnParametersAreOfTypesThatBackendsKnow() {
    String text =
        "invalid value type for 'a' parameter, expected int64_param, bool_param, or string_param.";
    parameter("a", InferParameter.getDefaultInstance(), text);
    parameter("a", InferParameter.newBuilder().setUint64Param(1).build(), text);
  }

  private static void classification(InferParameter value, String text) {
    invalid(
        Requests.simple()
            .addOutputs(Requests.output("OUTPUT0").putParameters("classification", value)),
        text);
  }

  @Test
  void classificationIsANumberAboveZero() {
    classification(
        Requests.parameter("3"),
        "invalid value type for 'classification' parameter, expected int64_param");
    classification(
        Requests.parameter(0L), "invalid value for 'classification' parameter, expected >= 0");
    classification(
        Requests.parameter(-1L), "invalid value for 'classification' parameter, expected >= 0");
    invalid(
        Requests.simple()
            .addOutputs(
                Requests.output("OUTPUT0")
                    .putParameters("classification", Requests.parameter(1L))
                    .putParameters("shared_memory_region", Requests.parameter("r0"))
                    .putParameters("shared_memory_byte_size", Requests.parameter(64L))),
        "output can't set both 'shared_memory_region' and 'classification'");
  }

  @Test
  void refusalsAreCountedAndNoFailures() throws Exception {
    long before = refusals();

    invalid(
        first(input -> input.setName("FOO")),
        "unexpected inference input 'FOO' for model 'simple'");

    assertThat(refusals()).isEqualTo(before + 1);
    assertThat(server.repository().resolve("simple", 0).statistics().snapshot().fail().count())
        .isZero();
  }

  private static long refusals() throws Exception {
    Long count =
        server
            .repository()
            .resolve("simple", 0)
            .statistics()
            .snapshot()
            .refusals()
            .get(Refusal.INVALID);
    return count == null ? 0 : count;
  }

  @Test
  void aRefusalIsNoHarmToTheNextRequest() {
    invalid(
        Requests.one("nobatch", "FP32", ByteBuffer.allocate(12), 1, 3).toBuilder(),
        NO_ID
            + "unexpected shape for input 'INPUT0' for model 'nobatch'. Expected [-1], got [1,3]. ");
    assertThat(
            server
                .stub()
                .modelInfer(Requests.one("nobatch", "FP32", RawTensors.ofFloats(1), 1))
                .getOutputsCount())
        .isEqualTo(1);
  }
}
