package dev.nereid.backend;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.tensor.DataType;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SignatureCheckTest {

  private static final TensorSpec IN = new TensorSpec("IN", DataType.FP32, -1, 16);
  private static final TensorSpec OUT = new TensorSpec("OUT", DataType.FP32, -1, 16);

  private static ModelSpec spec(int maxBatchSize, List<TensorSpec> inputs, TensorSpec output) {
    return ModelSpec.of(
        new ModelSource("m", 1, Path.of("m/1"), "model", Map.of()),
        maxBatchSize,
        inputs,
        List.of(output));
  }

  private static void assertFits(ModelSpec spec, TensorSpec input, TensorSpec output) {
    assertThatCode(
            () -> SignatureCheck.check(spec, new ModelSignature(List.of(input), List.of(output))))
        .doesNotThrowAnyException();
  }

  private static void assertRefused(
      ModelSpec spec, List<TensorSpec> inputs, TensorSpec output, String message) {
    assertThatThrownBy(
            () -> SignatureCheck.check(spec, new ModelSignature(inputs, List.of(output))))
        .isInstanceOf(BackendException.class)
        .hasMessage(message);
  }

  @Test
  void acceptsWhatIsEqual() {
    assertFits(spec(8, List.of(IN), OUT), IN, OUT);
  }

  @Test
  void aDimensionOfAnInputMayVaryInOneOfTheTwo() {
    TensorSpec varying = new TensorSpec("IN", DataType.FP32, -1, -1);
    assertFits(spec(8, List.of(varying), OUT), IN, OUT);
    assertFits(spec(8, List.of(IN), OUT), varying, OUT);
  }

  @Test
  void aDimensionOfAnOutputMayNot() {
    assertRefused(
        spec(8, List.of(IN), OUT),
        List.of(IN),
        new TensorSpec("OUT", DataType.FP32, -1, -1),
        "model 'm', tensor 'OUT': the model expects 2 dimensions (shape [-1,-1]) but the model"
            + " configuration specifies 2 dimensions (an initial batch dimension because"
            + " max_batch_size > 0 followed by the explicit tensor shape, making complete shape"
            + " [-1,16])");
  }

  @Test
  void aBatchingModelLeadsWithADimensionThatVaries() {
    assertRefused(
        spec(8, List.of(IN), OUT),
        List.of(new TensorSpec("IN", DataType.FP32, 1, 16)),
        OUT,
        "model 'm', tensor 'IN': for the model to support batching the shape should have at least"
            + " 1 dimension and the first dimension must be -1; but shape expected by the model is"
            + " [1,16]");
  }

  @Test
  void withoutABatchTheShapeIsTheWholeShape() {
    assertRefused(
        spec(0, List.of(new TensorSpec("IN", DataType.FP32, 16)), OUT),
        List.of(IN),
        OUT,
        "model 'm', tensor 'IN': the model expects 2 dimensions (shape [-1,16]) but the model"
            + " configuration specifies 1 dimensions (shape [16])");
  }

  @Test
  void aScalarIsWrittenAsOnes() {
    TensorSpec scalar = new TensorSpec("OUT", DataType.FP32, new long[0]);
    assertFits(spec(0, List.of(IN), new TensorSpec("OUT", DataType.FP32, 1)), IN, scalar);
    assertRefused(
        spec(0, List.of(IN), new TensorSpec("OUT", DataType.FP32, 2)),
        List.of(IN),
        scalar,
        "unable to load model 'm', scalar tensor 'OUT', should only provide 1 in the model"
            + " configuration when the model doesn't support batching. Model configuration"
            + " provided: [2].");
  }

  @Test
  void namesAndTypesAndCountsAgree() {
    TensorSpec other = new TensorSpec("B", DataType.FP32, -1, 16);
    assertRefused(
        spec(8, List.of(IN), OUT),
        List.of(other, new TensorSpec("A", DataType.FP32, -1, 16)),
        OUT,
        "unexpected inference input 'IN', allowed inputs are: A, B");
    assertRefused(
        spec(8, List.of(IN), OUT),
        List.of(IN),
        other,
        "unexpected inference output 'OUT', allowed outputs are: B");
    assertRefused(
        spec(8, List.of(IN), OUT),
        List.of(IN, other),
        OUT,
        "unable to load model 'm', configuration expects 1 inputs, model provides 2"
            + ": the configuration leaves out input(s) ['B']");
    assertRefused(
        spec(8, List.of(new TensorSpec("IN", DataType.BYTES, -1, 16)), OUT),
        List.of(IN),
        OUT,
        "unable to load model 'm', configuration expects datatype TYPE_STRING for input 'IN',"
            + " model provides TYPE_FP32");
  }
}
