package dev.nereid.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.nereid.client.InferResponse.Malformed;
import dev.nereid.client.InferResponse.Valid;
import dev.nereid.protocol.InferTensorContents;
import dev.nereid.protocol.ModelInferResponse;
import dev.nereid.tensor.RawTensors;
import java.io.ByteArrayInputStream;
import org.junit.jupiter.api.Test;

/** Answers of servers that send protobuf values instead of bytes. */
class TypedContentsTest {

  private final ModelInferResponse.Builder response = ModelInferResponse.newBuilder();

  @Test
  void valuesOfEveryTypeBecomeRawTensors() {
    add("BOOL", InferTensorContents.newBuilder().addBoolContents(true).addBoolContents(false));
    add("INT8", InferTensorContents.newBuilder().addIntContents(-1).addIntContents(2));
    add("INT16", InferTensorContents.newBuilder().addIntContents(-3).addIntContents(4));
    add("INT32", InferTensorContents.newBuilder().addIntContents(-5).addIntContents(6));
    add("INT64", InferTensorContents.newBuilder().addInt64Contents(-7).addInt64Contents(8));
    add("UINT8", InferTensorContents.newBuilder().addUintContents(255).addUintContents(2));
    add("UINT16", InferTensorContents.newBuilder().addUintContents(65535).addUintContents(4));
    add("UINT32", InferTensorContents.newBuilder().addUintContents(-1).addUintContents(6));
    add("UINT64", InferTensorContents.newBuilder().addUint64Contents(-1).addUint64Contents(8));
    add("FP32", InferTensorContents.newBuilder().addFp32Contents(1.5f).addFp32Contents(-2f));
    add("FP64", InferTensorContents.newBuilder().addFp64Contents(1.5).addFp64Contents(-2));
    add(
        "BYTES",
        InferTensorContents.newBuilder()
            .addBytesContents(ByteString.copyFromUtf8("dog"))
            .addBytesContents(ByteString.EMPTY));

    assertThat(read()).isInstanceOf(Valid.class);
    InferResult result = ((Valid) read()).result();

    assertThat(RawTensors.toBooleans(result.output("BOOL").data())).containsExactly(true, false);
    assertThat(RawTensors.toBytes(result.output("INT8").data())).containsExactly(-1, 2);
    assertThat(RawTensors.toShorts(result.output("INT16").data()))
        .containsExactly((short) -3, (short) 4);
    assertThat(result.output("INT32").ints()).containsExactly(-5, 6);
    assertThat(result.output("INT64").longs()).containsExactly(-7, 8);
    assertThat(RawTensors.toBytes(result.output("UINT8").data())).containsExactly(-1, 2);
    assertThat(RawTensors.toShorts(result.output("UINT16").data()))
        .containsExactly((short) -1, (short) 4);
    assertThat(result.output("UINT32").ints()).containsExactly(-1, 6);
    assertThat(result.output("UINT64").longs()).containsExactly(-1, 8);
    assertThat(result.output("FP32").floats()).containsExactly(1.5f, -2f);
    assertThat(result.output("FP64").doubles()).containsExactly(1.5, -2);
    assertThat(result.output("BYTES").strings()).containsExactly("dog", "");
  }

  @Test
  void tooFewValuesAreNamed() {
    add("FP32", InferTensorContents.newBuilder().addFp32Contents(1));

    assertThat(read())
        .isEqualTo(
            new Malformed("response: data of output 'FP32': 4 bytes (expected: 8 for FP32 [2])"));
  }

  @Test
  void halvesHaveNoValues() {
    add("FP16", InferTensorContents.newBuilder().addFp32Contents(1));

    assertThat(read())
        .isEqualTo(
            new Malformed("response: contents: of type FP16 (expected: raw_output_contents)"));
  }

  private void add(String type, InferTensorContents.Builder contents) {
    response.addOutputsBuilder().setName(type).setDatatype(type).addShape(2).setContents(contents);
  }

  private InferResponse read() {
    return ResponseReader.read(
        new ByteArrayInputStream(response.build().toByteArray()), ResponseData.KEEP);
  }
}
