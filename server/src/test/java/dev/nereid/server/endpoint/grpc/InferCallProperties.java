package dev.nereid.server.endpoint.grpc;

import com.google.protobuf.ByteString;
import dev.nereid.protocol.InferTensorContents;
import dev.nereid.protocol.ModelInferRequest;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Any message, cut anywhere: our parser agrees with generated code. */
class InferCallProperties {

  private final ParserOracle oracle = new ParserOracle();

  @Provide
  Arbitrary<ModelInferRequest> requests() {
    Arbitrary<String> names = Arbitraries.strings().ofMaxLength(12);
    Arbitrary<ByteString> tensors =
        Arbitraries.bytes().array(byte[].class).ofMaxSize(600).map(ByteString::copyFrom);
    Arbitrary<InferTensorContents> contents =
        Combinators.combine(Arbitraries.integers().list().ofMaxSize(5), tensors.list().ofMaxSize(2))
            .as(
                (ints, bytes) ->
                    InferTensorContents.newBuilder()
                        .addAllIntContents(ints)
                        .addAllBytesContents(bytes)
                        .build());
    Arbitrary<ModelInferRequest.InferInputTensor> inputs =
        Combinators.combine(
                names, names, Arbitraries.longs().list().ofMaxSize(4), contents.injectNull(0.7))
            .as(
                (name, datatype, shape, typed) -> {
                  ModelInferRequest.InferInputTensor.Builder input =
                      ModelInferRequest.InferInputTensor.newBuilder()
                          .setName(name)
                          .setDatatype(datatype)
                          .addAllShape(shape);
                  return typed == null ? input.build() : input.setContents(typed).build();
                });
    return Combinators.combine(
            names,
            names,
            inputs.list().ofMaxSize(4),
            tensors.list().ofMaxSize(5),
            Arbitraries.maps(names, Arbitraries.longs()).ofMaxSize(3))
        .as(
            (model, id, tensorList, raw, parameters) -> {
              ModelInferRequest.Builder request =
                  ModelInferRequest.newBuilder()
                      .setModelName(model)
                      .setId(id)
                      .addAllInputs(tensorList)
                      .addAllRawInputContents(raw);
              parameters.forEach(
                  (name, value) -> request.putParameters(name, Requests.parameter(value)));
              return request.build();
            });
  }

  @Property
  void everyValidMessageIsReadTheSameAtAnySlicing(
      @ForAll("requests") ModelInferRequest request,
      @ForAll @Size(min = 1, max = 6) List<@IntRange(min = 1, max = 300) Integer> sliceBytes) {
    oracle.check(request.toByteArray(), sizes(sliceBytes));
  }

  @Property
  void everyMessageWithBytesChangedIsReadOrRefusedTheSame(
      @ForAll("requests") ModelInferRequest request,
      @ForAll @Size(max = 4) List<@IntRange(min = 0, max = 1 << 20) Integer> places,
      @ForAll byte with,
      @ForAll @Size(min = 1, max = 3) List<@IntRange(min = 1, max = 40) Integer> sliceBytes) {
    byte[] message = request.toByteArray();
    for (int place : places) {
      if (message.length > 0) {
        message[place % message.length] = with;
      }
    }
    oracle.check(message, sizes(sliceBytes));
  }

  @Property
  void anyBytesAreReadOrRefusedTheSame(
      @ForAll @Size(max = 64) byte[] message,
      @ForAll @Size(min = 1, max = 3) List<@IntRange(min = 1, max = 9) Integer> sliceBytes) {
    oracle.check(message, sizes(sliceBytes));
  }

  private static int[] sizes(List<Integer> list) {
    return list.stream().mapToInt(Integer::intValue).toArray();
  }
}
