package dev.nereid.backend.tensorrt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.tensor.DataType;
import org.bytedeco.tensorrt.global.nvinfer;
import org.junit.jupiter.api.Test;

class TensorTypesTest {

  @Test
  void numbersAreThoseOfTheBinding() {
    assertThat(TensorTypes.ofTensorRt(nvinfer.DataType.kFLOAT.value)).isEqualTo(DataType.FP32);
    assertThat(TensorTypes.ofTensorRt(nvinfer.DataType.kHALF.value)).isEqualTo(DataType.FP16);
    assertThat(TensorTypes.ofTensorRt(nvinfer.DataType.kINT8.value)).isEqualTo(DataType.INT8);
    assertThat(TensorTypes.ofTensorRt(nvinfer.DataType.kINT32.value)).isEqualTo(DataType.INT32);
    assertThat(TensorTypes.ofTensorRt(nvinfer.DataType.kBOOL.value)).isEqualTo(DataType.BOOL);
    assertThat(TensorTypes.ofTensorRt(nvinfer.DataType.kUINT8.value)).isEqualTo(DataType.UINT8);
    assertThat(TensorTypes.ofTensorRt(nvinfer.DataType.kBF16.value)).isEqualTo(DataType.BF16);
    assertThat(TensorTypes.ofTensorRt(nvinfer.DataType.kINT64.value)).isEqualTo(DataType.INT64);
  }

  @Test
  void whatNoRequestCanCarryHasNoType() {
    assertThat(TensorTypes.ofTensorRt(nvinfer.DataType.kFP8.value)).isNull();
    assertThat(TensorTypes.ofTensorRt(nvinfer.DataType.kINT4.value)).isNull();
    assertThat(TensorTypes.ofOnnx(11)).as("double").isNull();
    assertThat(TensorTypes.ofOnnx(8)).as("string").isNull();
  }
}
