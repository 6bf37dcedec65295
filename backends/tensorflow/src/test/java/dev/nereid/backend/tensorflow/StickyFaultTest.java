package dev.nereid.backend.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StickyFaultTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "failed to synchronize the stop event: CUDA_ERROR_ILLEGAL_ADDRESS: an illegal memory access was encountered",
        "could not synchronize on CUDA context: CUDA_ERROR_LAUNCH_FAILED: unspecified launch failure",
        "GPU sync failed",
        "Unexpected Event status: 1 ... CUDA_ERROR_ECC_UNCORRECTABLE: uncorrectable ECC error encountered",
        "CUDA Runtime error: device-side assert triggered"
      })
  void errorsThatStayLatch(String text) {
    StickyFault fault = new StickyFault();
    fault.saw(text);
    assertThat(fault.message()).contains(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "OOM when allocating tensor with shape[64,224,224,3] and type float on /job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc",
        "CUDA_ERROR_OUT_OF_MEMORY: out of memory",
        "Incompatible shapes: [1,3] vs. [1,16]",
        "output 'x': shape [1] (expected: a first dimension of 2, the rows of the batch)"
      })
  void errorsOfOneBatchDoNot(String text) {
    StickyFault fault = new StickyFault();
    fault.saw(text);
    assertThat(fault.message()).isEmpty();
  }

  @Test
  void theFirstIsKept() {
    StickyFault fault = new StickyFault();
    fault.saw("CUDA_ERROR_ILLEGAL_ADDRESS: first");
    fault.saw("CUDA_ERROR_LAUNCH_FAILED: second");
    assertThat(fault.message()).contains("CUDA_ERROR_ILLEGAL_ADDRESS: first");
  }
}
