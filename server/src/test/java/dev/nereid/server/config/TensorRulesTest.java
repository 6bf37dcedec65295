package dev.nereid.server.config;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.TextFormat;
import dev.nereid.protocol.ModelConfig;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TensorRulesTest {

  private static void check(String text) throws Exception {
    ModelConfig.Builder config = ModelConfig.newBuilder().setName("m");
    TextFormat.merge(text, config);
    TensorRules.check(ConfigText.absent(), config);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "input { }|model input must specify 'name' for m",
        "input { name: 'A' }|model input 'A' must specify 'data_type' for m",
        "output { name: 'A' data_type: TYPE_FP32 }|model output 'A' must specify 'dims' for m",
        "input { name: 'A' data_type: TYPE_FP32 dims: [ 2, 0 ] }|model input 'A' dimension must be integer >= 1, or -1 to indicate a variable-size dimension for m",
        "input { name: 'A' data_type: TYPE_FP32 dims: -2 }|model input 'A' dimension must be integer >= 1, or -1 to indicate a variable-size dimension for m",
        "output { name: 'A' data_type: TYPE_FP32 dims: [ 4294967296, 4294967296 ] }|model output 'A' has more than 2^63-1 elements for m",
        "input { name: 'A' data_type: TYPE_FP32 dims: 1 reshape { } }|model input 'A' cannot have empty reshape for non-batching model as scalar tensors are not supported for m",
        "max_batch_size: 1 input { name: 'A' data_type: TYPE_FP32 dims: 2 reshape { } }|model input 'A' has different size for dims and reshape for m",
        "max_batch_size: 1 input { name: 'A' data_type: TYPE_FP32 dims: -1 reshape { } }|model input 'A' has different size for dims and reshape for m",
        "input { name: 'A' data_type: TYPE_FP32 dims: 4 reshape { shape: [ 2, 0 ] } }|model input 'A' reshape dimensions must be integer >= 1, or -1 to indicate a variable-size dimension for m",
        "input { name: 'A' data_type: TYPE_FP32 dims: 4 reshape { shape: [ 2, 3 ] } }|model input 'A' has different size for dims and reshape for m",
        "input { name: 'A' data_type: TYPE_FP32 dims: [ -1, -1 ] reshape { shape: [ -1 ] } }|model input 'A' has different number of variable-size dimensions for dims and reshape for m",
        "output { name: 'A' data_type: TYPE_FP32 dims: [ 2, 4, -1, 6 ] reshape { shape: [ 4, -1, 1, 6 ] } }|model output 'A' has different size for dims and reshape for m",
        "input { name: 'A' data_type: TYPE_FP32 dims: [ 2, 2 ] format: FORMAT_NCHW }|model input NHWC/NCHW require 3 dims for m",
        "input { name: 'A' data_type: TYPE_INT32 dims: 1 is_shape_tensor: true }|shape tensors are only supported for TensorRT platform for m",
        "output { name: 'A' data_type: TYPE_INT32 dims: 1 is_shape_tensor: true }|shape tensors are only supported for TensorRT platform for m",
        "input { name: 'A' data_type: TYPE_FP16 dims: [ 1, 1, 1 ] is_non_linear_format_io: true }|Non-linear IO format is only supported for the TensorRT platform for m",
        "platform: 'tensorrt_plan' output { name: 'A' data_type: TYPE_INT32 dims: 1 is_shape_tensor: true }|output[0].is_shape_tensor: true (expected: false; not supported yet)",
        "platform: 'tensorrt_plan' input { name: 'A' data_type: TYPE_INT32 dims: 1 is_non_linear_format_io: true }|input[0].is_non_linear_format_io: true (expected: false; not supported yet)",
        "input { name: 'A' data_type: TYPE_FP32 dims: 1 } input { name: 'A' data_type: TYPE_FP32 dims: 1 }|input[1].name: A (expected: a name listed once)",
        "output { name: 'A' data_type: TYPE_FP32 dims: 1 } output { name: 'A' data_type: TYPE_FP32 dims: 1 }|output[1].name: A (expected: a name listed once)",
      })
  void whatCannotBeIsSaidInTritonsWords(String tensors, String message) {
    assertThatThrownBy(() -> check(tensors))
        .isInstanceOf(ConfigException.class)
        .hasMessage(message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "input { name: 'A' data_type: TYPE_STRING dims: -1 } output { name: 'A' data_type: TYPE_BF16 dims: 1 }",
        "input { name: 'A' data_type: TYPE_FP32 dims: [ 2, 4, -1, 6 ] reshape { shape: [ 8, -1, 1, 6 ] } }",
        "max_batch_size: 4 input { name: 'A' data_type: TYPE_FP32 dims: 1 reshape { } }",
        "input { name: 'A' data_type: TYPE_FP32 dims: [ 3, -1, -1 ] format: FORMAT_NCHW optional: true }",
        "",
      })
  void whatCanBeIs(String tensors) {
    assertThatCode(() -> check(tensors)).doesNotThrowAnyException();
  }
}
