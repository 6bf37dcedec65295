package dev.nereid.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.nereid.client.InferResponse.Malformed;
import dev.nereid.client.InferResponse.Valid;
import dev.nereid.protocol.InferParameter;
import dev.nereid.protocol.ModelInferResponse;
import io.grpc.KnownLength;
import java.io.ByteArrayInputStream;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** Our reader beside the generated parser. */
class ResponseReaderProperties {

  @Property
  void whatTheGeneratedClassWritesIsRead(@ForAll("responses") ModelInferResponse response) {
    byte[] bytes = response.toByteArray();

    InferResult kept = valid(ResponseReader.read(sized(bytes), ResponseData.KEEP));
    InferResult skipped = valid(ResponseReader.read(sized(bytes), ResponseData.SKIP));
    InferResult unsized =
        valid(ResponseReader.read(new ByteArrayInputStream(bytes), ResponseData.KEEP));

    for (InferResult result : List.of(kept, skipped, unsized)) {
      assertThat(result.modelName()).isEqualTo(response.getModelName());
      assertThat(result.modelVersion()).isEqualTo(response.getModelVersion());
      assertThat(result.id()).isEqualTo(response.getId());
      assertThat(result.parameters()).isEqualTo(response.getParametersMap());
      assertThat(result.outputs()).hasSize(response.getOutputsCount());
      for (int i = 0; i < response.getOutputsCount(); i++) {
        InferOutput output = result.outputs().get(i);
        assertThat(output.name()).isEqualTo(response.getOutputs(i).getName());
        assertThat(output.sizeBytes()).isEqualTo(response.getRawOutputContents(i).size());
      }
    }
    for (int i = 0; i < response.getOutputsCount(); i++) {
      ByteString data = response.getRawOutputContents(i);
      assertThat(kept.outputs().get(i).data()).isEqualTo(data.asReadOnlyByteBuffer());
      assertThat(unsized.outputs().get(i).data()).isEqualTo(data.asReadOnlyByteBuffer());
    }
  }

  @Property
  void aResponseThatIsCutOffOrChangedIsReadOrRefused(
      @ForAll("responses") ModelInferResponse response,
      @ForAll @IntRange(max = 300) int cut,
      @ForAll @IntRange(max = 299) int at,
      @ForAll byte change) {
    byte[] bytes = response.toByteArray();
    bytes = Arrays.copyOf(bytes, Math.min(cut, bytes.length));
    if (at < bytes.length) {
      bytes[at] = change;
    }

    agreesWithTheGeneratedParser(bytes);
  }

  @Property(tries = 5_000)
  void anyBytesAreReadOrRefused(@ForAll byte[] garbage) {
    agreesWithTheGeneratedParser(garbage);
  }

  /**
   * What the generated parser refuses, ours does; what ours makes a result of, it reads the same.
   */
  private static void agreesWithTheGeneratedParser(byte[] bytes) {
    InferResponse ours = ResponseReader.read(sized(bytes), ResponseData.KEEP);
    InferResponse skipped = ResponseReader.read(sized(bytes), ResponseData.SKIP);
    ModelInferResponse generated;
    try {
      generated = ModelInferResponse.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      assertThat(ours).isInstanceOf(Malformed.class);
      assertThat(skipped).isInstanceOf(Malformed.class);
      return;
    }
    assertThat(skipped.getClass()).isEqualTo(ours.getClass());
    if (ours instanceof Valid valid) {
      InferResult result = valid.result();
      assertThat(result.modelName()).isEqualTo(generated.getModelName());
      assertThat(result.outputs()).hasSize(generated.getOutputsCount());
      for (int i = 0; i < generated.getRawOutputContentsCount(); i++) {
        assertThat(result.outputs().get(i).data())
            .isEqualTo(generated.getRawOutputContents(i).asReadOnlyByteBuffer());
      }
    }
  }

  @Provide
  Arbitrary<ModelInferResponse> responses() {
    Arbitrary<byte[]> data = Arbitraries.bytes().array(byte[].class).ofMaxSize(40);
    Arbitrary<String> texts = Arbitraries.strings().ofMaxLength(20);
    return Combinators.combine(texts, texts, texts, data.list().ofMaxSize(4))
        .as(ResponseReaderProperties::response);
  }

  private static ModelInferResponse response(
      String name, String id, String parameter, List<byte[]> outputs) {
    ModelInferResponse.Builder response =
        ModelInferResponse.newBuilder()
            .setModelName(name)
            .setModelVersion("1")
            .setId(id)
            .putParameters(
                parameter, InferParameter.newBuilder().setStringParam(parameter).build());
    for (byte[] output : outputs) {
      response
          .addOutputsBuilder()
          .setName(name + response.getOutputsCount())
          .setDatatype("UINT8")
          .addShape(output.length);
      response.addRawOutputContents(ByteString.copyFrom(output));
    }
    return response.build();
  }

  private static InferResult valid(InferResponse response) {
    assertThat(response).isInstanceOf(Valid.class);
    return ((Valid) response).result();
  }

  private static ByteArrayInputStream sized(byte[] bytes) {
    return new Sized(bytes);
  }

  private static final class Sized extends ByteArrayInputStream implements KnownLength {
    Sized(byte[] bytes) {
      super(bytes);
    }
  }
}
