package dev.nereid.server.endpoint.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.ByteString;
import dev.nereid.protocol.InferTensorContents;
import dev.nereid.protocol.ModelInferRequest;
import dev.nereid.protocol.ModelInferResponse;
import dev.nereid.server.repository.ModelFolders;
import dev.nereid.tensor.BytesTensors;
import dev.nereid.tensor.RawTensors;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a client gets for requests that are right. */
@SuppressWarnings("NullAway.Init") // JUnit fills these before the tests.
class InferenceTest {

  private static final List<String> TYPES =
      List.of(
          "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16",
          "FP32", "FP64", "BF16");

  @TempDir static Path models;
  private static TestEndpoint server;

  @BeforeAll
  static void serve() throws Exception {
    TestEndpoint.simple(models);
    ModelFolders folders = new ModelFolders(models);
    for (String type : TYPES) {
      folders.config("of_" + type, TestEndpoint.identity("TYPE_" + type, 8, ""), "1");
    }
    folders.config("of_BYTES", TestEndpoint.identity("TYPE_STRING", 8, ""), "1");
    folders.config("nobatch", TestEndpoint.identity("TYPE_FP32", 0, ""), "1");
    folders.config(
        "versions", TestEndpoint.identity("TYPE_FP32", 0, "version_policy: { all { } }"), "1", "3");
    folders.config(
        "reshaped",
        """
        backend: "identity"
        max_batch_size: 4
        input [ { name: "INPUT0" data_type: TYPE_INT32 dims: [ 4, -1 ] reshape { shape: [ 2, 2, -1 ] } } ]
        output [ { name: "OUTPUT0" data_type: TYPE_INT32 dims: [ 4, -1 ] reshape { shape: [ 2, 2, -1 ] } } ]
        """,
        "1");
    folders.config(
        "optional",
        """
        backend: "identity"
        max_batch_size: 4
        input [
          { name: "INPUT0" data_type: TYPE_INT32 dims: [ 2 ] },
          { name: "INPUT1" data_type: TYPE_INT32 dims: [ 2 ] optional: true }
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

  @Test
  void anAnswerCarriesIdModelVersionAndRawOutputsInOrder() {
    ModelInferResponse answer = server.stub().modelInfer(Requests.simple().setId("req-42").build());

    assertThat(answer.getModelName()).isEqualTo("simple");
    assertThat(answer.getModelVersion()).isEqualTo("1");
    assertThat(answer.getId()).isEqualTo("req-42");
    assertThat(answer.getOutputsList())
        .extracting(ModelInferResponse.InferOutputTensor::getName)
        .containsExactly("OUTPUT0", "OUTPUT1");
    assertThat(answer.getOutputs(0).getDatatype()).isEqualTo("INT32");
    assertThat(answer.getOutputs(0).getShapeList()).containsExactly(1L, 16L);
    assertThat(answer.getOutputs(0).hasContents()).isFalse();
    assertThat(answer.getRawOutputContentsList()).containsExactly(Requests.COUNTING, Requests.ONES);
  }

  @Test
  void onlyTheOutputsAskedForAreAnswered() {
    ModelInferResponse answer =
        server.stub().modelInfer(Requests.simple().addOutputs(Requests.output("OUTPUT1")).build());

    assertThat(answer.getOutputsCount()).isEqualTo(1);
    assertThat(answer.getRawOutputContentsList()).containsExactly(Requests.ONES);
  }

  @Test
  void anOutputMayBeAnsweredAsItsLargestClasses() {
    ModelInferRequest request =
        Requests.simple()
            .addOutputs(
                Requests.output("OUTPUT0").putParameters("classification", Requests.parameter(3L)))
            .addOutputs(Requests.output("OUTPUT1"))
            .build();

    ModelInferResponse answer = server.stub().modelInfer(request);

    assertThat(answer.getOutputs(0).getDatatype()).isEqualTo("BYTES");
    assertThat(answer.getOutputs(0).getShapeList()).containsExactly(1L, 3L);
    assertThat(BytesTensors.toStrings(answer.getRawOutputContents(0).asReadOnlyByteBuffer()))
        .containsExactly("15:15:label15", "14:14:label14", "13:13:label13");
    assertThat(answer.getRawOutputContents(1)).isEqualTo(Requests.ONES);
  }

  @Test
  void anOutputThatHasNoClassesSaysSo() {
    ModelInferRequest request =
        Requests.one("of_FP16", "FP16", ByteBuffer.allocate(4), 1, 2).toBuilder()
            .addOutputs(
                Requests.output("OUTPUT0").putParameters("classification", Requests.parameter(3L)))
            .build();

    assertThatThrownBy(() -> server.stub().modelInfer(request))
        .hasMessage(
            "INVALID_ARGUMENT: class result not available for output due to unsupported type"
                + " 'FP16'");
  }

  @Test
  void inputsMayComeInAnyOrder() {
    ModelInferRequest request =
        Requests.simple(
                Requests.input("INPUT1", "INT32", 1, 16), Requests.input("INPUT0", "INT32", 1, 16))
            .addRawInputContents(Requests.ONES)
            .addRawInputContents(Requests.COUNTING)
            .build();

    assertThat(server.stub().modelInfer(request).getRawOutputContentsList())
        .containsExactly(Requests.COUNTING, Requests.ONES);
  }

  @Test
  void surplusRawEntriesAreIgnored() {
    ModelInferRequest request =
        Requests.simple()
            .addRawInputContents(Requests.ONES)
            .addRawInputContents(ByteString.EMPTY)
            .build();

    assertThat(server.stub().modelInfer(request).getRawOutputContentsCount()).isEqualTo(2);
  }

  @Test
  void theLargestReadyVersionAnswersUnlessOneIsNamed() {
    ModelInferRequest request =
        Requests.one("versions", "FP32", RawTensors.ofFloats(1, 2), 2).toBuilder().build();

    assertThat(server.stub().modelInfer(request).getModelVersion()).isEqualTo("3");
    assertThat(
            server
                .stub()
                .modelInfer(request.toBuilder().setModelVersion("1").build())
                .getModelVersion())
        .isEqualTo("1");
  }

  @ParameterizedTest
  @CsvSource({
    "BOOL,1",
    "UINT8,1",
    "UINT16,2",
    "UINT32,4",
    "UINT64,8",
    "INT8,1",
    "INT16,2",
    "INT32,4",
    "INT64,8",
    "FP16,2",
    "FP32,4",
    "FP64,8",
    "BF16,2"
  })
  void rawTensorsOfEveryTypeComeBackByteForByte(String type, int elementBytes) {
    byte[] data = new byte[6 * elementBytes];
    new Random(7).nextBytes(data);

    ModelInferResponse answer =
        server.stub().modelInfer(Requests.one("of_" + type, type, ByteBuffer.wrap(data), 2, 3));

    assertThat(answer.getOutputs(0).getDatatype()).isEqualTo(type);
    assertThat(answer.getOutputs(0).getShapeList()).containsExactly(2L, 3L);
    assertThat(answer.getRawOutputContents(0).toByteArray()).isEqualTo(data);
  }

  @Test
  void bytesTensorsKeepTheirElements() {
    ByteBuffer data = BytesTensors.ofStrings("a", "", "xyz", "\u2603");

    ModelInferResponse answer =
        server.stub().modelInfer(Requests.one("of_BYTES", "BYTES", data, 2, 2));

    assertThat(BytesTensors.toStrings(answer.getRawOutputContents(0).asReadOnlyByteBuffer()))
        .containsExactly("a", "", "xyz", "\u2603");
  }

  @Test
  void typedContentsOfEveryTypeAreAnsweredRaw() {
    InferTensorContents.Builder none = InferTensorContents.newBuilder();
    assertThat(typed("BOOL", none.clone().addBoolContents(true).addBoolContents(false)))
        .isEqualTo(Requests.bytes(RawTensors.ofBooleans(true, false)));
    assertThat(typed("INT8", none.clone().addIntContents(-128).addIntContents(127)))
        .isEqualTo(Requests.bytes(RawTensors.ofBytes((byte) -128, (byte) 127)));
    assertThat(typed("INT16", none.clone().addIntContents(-32768).addIntContents(32767)))
        .isEqualTo(Requests.bytes(RawTensors.ofShorts((short) -32768, (short) 32767)));
    assertThat(typed("INT32", none.clone().addIntContents(Integer.MIN_VALUE).addIntContents(5)))
        .isEqualTo(Requests.ints(Integer.MIN_VALUE, 5));
    assertThat(typed("INT64", none.clone().addInt64Contents(Long.MIN_VALUE).addInt64Contents(5)))
        .isEqualTo(Requests.bytes(RawTensors.ofLongs(Long.MIN_VALUE, 5)));
    assertThat(typed("UINT8", none.clone().addUintContents(0).addUintContents(255)))
        .isEqualTo(Requests.bytes(RawTensors.ofBytes((byte) 0, (byte) 255)));
    assertThat(typed("UINT16", none.clone().addUintContents(1).addUintContents(65535)))
        .isEqualTo(Requests.bytes(RawTensors.ofShorts((short) 1, (short) 65535)));
    assertThat(typed("UINT32", none.clone().addUintContents(1).addUintContents(-1)))
        .isEqualTo(Requests.ints(1, -1));
    assertThat(typed("UINT64", none.clone().addUint64Contents(1).addUint64Contents(-1)))
        .isEqualTo(Requests.bytes(RawTensors.ofLongs(1, -1)));
    assertThat(typed("FP32", none.clone().addFp32Contents(1.5f).addFp32Contents(Float.NaN)))
        .isEqualTo(Requests.bytes(RawTensors.ofFloats(1.5f, Float.NaN)));
    assertThat(typed("FP64", none.clone().addFp64Contents(0.1).addFp64Contents(-0.0)))
        .isEqualTo(Requests.bytes(RawTensors.ofDoubles(0.1, -0.0)));
    assertThat(
            typed(
                "BYTES",
                none.clone()
                    .addBytesContents(ByteString.copyFromUtf8("a"))
                    .addBytesContents(ByteString.copyFrom(new byte[] {-1, 0}))))
        .isEqualTo(ByteString.copyFrom(new byte[] {1, 0, 0, 0, 'a', 2, 0, 0, 0, -1, 0}));
  }

  private static ByteString typed(String type, InferTensorContents.Builder contents) {
    return server
        .stub()
        .modelInfer(
            ModelInferRequest.newBuilder()
                .setModelName("of_" + type)
                .addInputs(Requests.input("INPUT0", type, 1, 2).setContents(contents))
                .build())
        .getRawOutputContents(0);
  }

  @Test
  void aTensorWithoutElementsIsAnAnswerWithAnEmptyEntry() {
    ModelInferResponse answer =
        server.stub().modelInfer(Requests.one("nobatch", "FP32", ByteBuffer.allocate(0), 0));

    assertThat(answer.getOutputs(0).getShapeList()).containsExactly(0L);
    assertThat(answer.getRawOutputContentsList()).containsExactly(ByteString.EMPTY);
  }

  @Test
  void aTensorWithoutElementsNeedsNoTypedContentsEither() {
    ModelInferRequest request =
        ModelInferRequest.newBuilder()
            .setModelName("nobatch")
            .addInputs(
                Requests.input("INPUT0", "FP32", 0)
                    .setContents(InferTensorContents.getDefaultInstance()))
            .build();

    assertThat(server.stub().modelInfer(request).getRawOutputContents(0)).isEmpty();
  }

  @Test
  void anEngineSeesReshapedTensorsAndTheClientItsOwnShape() {
    ModelInferResponse answer =
        server
            .stub()
            .modelInfer(
                Requests.one("reshaped", "INT32", RawTensors.ofInts(new int[2 * 4 * 3]), 2, 4, 3));

    assertThat(answer.getOutputs(0).getShapeList()).containsExactly(2L, 4L, 3L);
  }

  @Test
  void anOptionalInputMayBeLeftOut() {
    ModelInferResponse answer =
        server.stub().modelInfer(Requests.one("optional", "INT32", RawTensors.ofInts(1, 2), 1, 2));

    assertThat(answer.getRawOutputContents(0)).isEqualTo(Requests.ints(1, 2));
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip"})
  void compressedRequestsAreAnsweredTheSame(String codec) {
    assertThat(
            server
                .stub()
                .withCompression(codec)
                .modelInfer(Requests.simple().build())
                .getRawOutputContentsList())
        .containsExactly(Requests.COUNTING, Requests.ONES);
  }

  @Test
  void parametersThatAreTheClientsOwnAreNoConcernOfTheEndpoint() {
    ModelInferRequest request =
        Requests.simple()
            .putParameters("a", Requests.parameter(1L))
            .putParameters("b", Requests.parameter("x"))
            .putParameters("c", Requests.parameter(true))
            .putParameters("d", Requests.parameter(1.5))
            .putParameters("sequence_id", Requests.parameter("abc"))
            .putParameters("sequence_start", Requests.parameter(true))
            .putParameters("priority", Requests.parameter(7L))
            .putParameters("timeout", Requests.parameter(-1L))
            .putParameters("triton_enable_empty_final_response", Requests.parameter(true))
            .build();

    assertThat(server.stub().modelInfer(request).getOutputsCount()).isEqualTo(2);
  }

  @Test
  void aTensorOfSixtyFourMegabytesGoesThereAndBack() {
    byte[] data = new byte[64 << 20];
    new Random(3).nextBytes(data);

    ModelInferResponse answer =
        server
            .stub()
            .modelInfer(Requests.one("nobatch", "FP32", ByteBuffer.wrap(data), data.length / 4));

    assertThat(answer.getRawOutputContents(0).toByteArray()).isEqualTo(data);
  }

  @Test
  void manyRequestsToTwoModelsAtOnceAreEachAnsweredWithTheirOwn() throws Exception {
    List<ListenableFuture<ModelInferResponse>> answers = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      String model = i % 2 == 0 ? "of_INT32" : "nobatch";
      String type = i % 2 == 0 ? "INT32" : "FP32";
      long[] shape = i % 2 == 0 ? new long[] {1, 2} : new long[] {2};
      answers.add(
          server.futures().modelInfer(Requests.one(model, type, RawTensors.ofInts(i, -i), shape)));
    }
    for (int i = 0; i < answers.size(); i++) {
      assertThat(answers.get(i).get(30, TimeUnit.SECONDS).getRawOutputContents(0))
          .isEqualTo(Requests.ints(i, -i));
    }
  }

  @Test
  void metadataOfTheCallIsIgnored() {
    Metadata headers = new Metadata();
    headers.put(Metadata.Key.of("x-anything", Metadata.ASCII_STRING_MARSHALLER), "value");

    assertThat(
            server
                .stub()
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
                .modelInfer(Requests.simple().build())
                .getOutputsCount())
        .isEqualTo(2);
  }
}
