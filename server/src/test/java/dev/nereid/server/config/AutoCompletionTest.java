package dev.nereid.server.config;

import static dev.nereid.tensor.DataType.BYTES;
import static dev.nereid.tensor.DataType.FP32;
import static dev.nereid.tensor.DataType.INT64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.TextFormat;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.TensorSpec;
import dev.nereid.protocol.ModelConfig;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AutoCompletionTest {

  private static final ModelSignature BATCHING =
      new ModelSignature(
          List.of(new TensorSpec("IN", FP32, -1, 224, -1), new TensorSpec("ID", INT64, -1)),
          List.of(new TensorSpec("OUT", BYTES, -1, 10)));

  private static final ModelSignature FIXED =
      new ModelSignature(
          List.of(new TensorSpec("IN", FP32, 1, 3), new TensorSpec("SCALAR", INT64)),
          List.of(new TensorSpec("OUT", FP32, -1)));

  private static ModelConfig fill(String text, ModelSignature signature, int maxBatchSize)
      throws Exception {
    ModelConfig.Builder config = parse(text);
    AutoCompletion.fill(ConfigText.absent(), config, signature, maxBatchSize);
    return config.build();
  }

  private static ModelConfig.Builder parse(String text) throws Exception {
    ModelConfig.Builder config = ModelConfig.newBuilder().setName("m");
    TextFormat.merge(text, config);
    return config;
  }

  private static final String TENSORS =
      """
      input { name: 'IN' data_type: TYPE_FP32 dims: [ 224, -1 ] }
      input { name: 'ID' data_type: TYPE_INT64 dims: 1 reshape { } }
      output { name: 'OUT' data_type: TYPE_STRING dims: 10 }
      """;

  @Test
  void aBatchingFileGivesTensorsBatchSizeAndBatcher() throws Exception {
    assertThat(fill("", BATCHING, 4))
        .isEqualTo(parse(TENSORS + "max_batch_size: 4 dynamic_batching { }").build());
  }

  @Test
  void aBatchSizeThatIsGivenIsKept() throws Exception {
    assertThat(fill("max_batch_size: 16", BATCHING, 4))
        .isEqualTo(parse(TENSORS + "max_batch_size: 16 dynamic_batching { }").build());
  }

  @Test
  void batchesOfOneNeedNoBatcher() throws Exception {
    assertThat(fill("", BATCHING, 1)).isEqualTo(parse(TENSORS + "max_batch_size: 1").build());
  }

  @Test
  void aBatcherThatIsGivenIsKept() throws Exception {
    String batcher = "dynamic_batching { max_queue_delay_microseconds: 5 }";

    assertThat(fill(batcher, BATCHING, 4))
        .isEqualTo(parse(TENSORS + "max_batch_size: 4 " + batcher).build());
  }

  @Test
  void aBackendThatDoesNotWantBatchesGetsTheFullShapes() throws Exception {
    assertThat(fill("", BATCHING, 0))
        .isEqualTo(
            parse(
                    """
                    input { name: 'IN' data_type: TYPE_FP32 dims: [ -1, 224, -1 ] }
                    input { name: 'ID' data_type: TYPE_INT64 dims: -1 }
                    output { name: 'OUT' data_type: TYPE_STRING dims: [ -1, 10 ] }
                    """)
                .build());
  }

  @Test
  void aFileThatDoesNotBatchGivesFullShapesAndScalarsAsOne() throws Exception {
    assertThat(fill("", FIXED, 4))
        .isEqualTo(
            parse(
                    """
                    input { name: 'IN' data_type: TYPE_FP32 dims: [ 1, 3 ] }
                    input { name: 'SCALAR' data_type: TYPE_INT64 dims: 1 }
                    output { name: 'OUT' data_type: TYPE_FP32 dims: -1 }
                    """)
                .build());
  }

  @Test
  void aBatchSizeForAFileThatDoesNotBatchIsRefused() {
    assertThatThrownBy(() -> fill("max_batch_size: 8", FIXED, 4))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "autofill failed for model 'm': model does not support batching while non-zero"
                + " max_batch_size is specified");
  }

  @Test
  void aListThatIsGivenIsKeptWhileTheOtherIsFilled() throws Exception {
    String inputs = "input { name: 'IN' data_type: TYPE_FP16 dims: 5 }";

    ModelConfig config = fill(inputs, BATCHING, 4);

    assertThat(config.getInputList()).isEqualTo(parse(inputs).getInputList());
    assertThat(config.getOutputList()).isEqualTo(parse(TENSORS).getOutputList());
    assertThat(config.getMaxBatchSize()).isEqualTo(4);
  }

  @Test
  void aTensorGetsTheTypeAndDimsThatItLacks() throws Exception {
    ModelConfig config =
        fill(
            """
            max_batch_size: 2
            input { name: 'IN' dims: [ 224, 7 ] optional: true }
            input { name: 'ID' data_type: TYPE_INT32 }
            output { name: 'OUT' label_filename: 'l' }
            """,
            BATCHING,
            4);

    assertThat(config)
        .isEqualTo(
            parse(
                    """
                    max_batch_size: 2
                    input { name: 'IN' data_type: TYPE_FP32 dims: [ 224, 7 ] optional: true }
                    input { name: 'ID' data_type: TYPE_INT32 dims: 1 reshape { } }
                    output { name: 'OUT' data_type: TYPE_STRING dims: 10 label_filename: 'l' }
                    """)
                .build());
  }

  @Test
  void inputsThatTheFileHasValuesForAreLeftOut() throws Exception {
    ModelSignature signature =
        new ModelSignature(
            List.of(new TensorSpec("IN", FP32, 1), new TensorSpec("K", FP32, new long[] {1}, true)),
            List.of(new TensorSpec("OUT", FP32, 1)));

    assertThat(fill("", signature, 4).getInputList()).extracting("name").containsExactly("IN");
  }

  @Test
  void aNameThatTheFileDoesNotHaveIsLeftAsItIs() throws Exception {
    assertThat(fill("input { name: 'X' } output { name: 'Y' }", BATCHING, 4))
        .isEqualTo(parse("input { name: 'X' } output { name: 'Y' }").build());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "input { name: 'A' data_type: TYPE_FP32 dims: 1 }",
        "input { name: 'A' data_type: TYPE_FP32 } output { name: 'B' data_type: TYPE_FP32 dims: 1 }",
        "input { name: 'A' data_type: TYPE_FP32 dims: 1 } output { name: 'B' dims: 1 }",
      })
  void theFileIsNeededWhereSomethingIsMissing(String text) throws Exception {
    assertThat(AutoCompletion.isNeeded(parse(text))).isTrue();
  }

  @Test
  void theFileIsNotNeededWhereNothingIsMissing() throws Exception {
    assertThat(AutoCompletion.isNeeded(parse(TENSORS))).isFalse();
  }
}
