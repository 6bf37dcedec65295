package dev.nereid.backend.tensorrt;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.bytedeco.cuda.global.cudart;
import org.junit.jupiter.api.Test;

class CudaExceptionTest {

  @Test
  void errorsAfterWhichTheDeviceIsLostAreTold() {
    assertThat(
            List.of(
                cudart.cudaErrorIllegalAddress,
                cudart.cudaErrorLaunchFailure,
                cudart.cudaErrorECCUncorrectable,
                cudart.cudaErrorHardwareStackError,
                cudart.cudaErrorIllegalInstruction,
                cudart.cudaErrorMisalignedAddress,
                cudart.cudaErrorInvalidPc,
                cudart.cudaErrorLaunchTimeout,
                cudart.cudaErrorAssert,
                cudart.cudaErrorContextIsDestroyed,
                cudart.cudaErrorDevicesUnavailable,
                cudart.cudaErrorUnknown))
        .allMatch(CudaException::isSticky);
  }

  @Test
  void errorsOfOneCallAreNot() {
    assertThat(
            List.of(
                cudart.cudaErrorMemoryAllocation,
                cudart.cudaErrorInvalidValue,
                cudart.cudaErrorNotReady,
                cudart.cudaErrorStreamCaptureInvalidated,
                cudart.cudaErrorStreamCaptureUnsupported))
        .noneMatch(CudaException::isSticky);
    assertThat(CudaException.OUT_OF_MEMORY).isEqualTo(cudart.cudaErrorMemoryAllocation);
  }
}
