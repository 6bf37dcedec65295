package dev.nereid.backend.tensorflow;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A CUDA error that no later call gets rid of: the process's use of the device is lost with it. The
 * first one that is seen is kept. Thread-safe.
 */
final class StickyFault {

  /**
   * What TensorFlow, stream executor and CUDA say then, in lower case. Out of memory is not among
   * them: that passes.
   */
  private static final List<String> SIGNS =
      List.of(
          "cuda_error_illegal_address",
          "cuda_error_illegal_instruction",
          "cuda_error_misaligned_address",
          "cuda_error_invalid_address_space",
          "cuda_error_invalid_pc",
          "cuda_error_hardware_stack_error",
          "cuda_error_launch_failed",
          "cuda_error_launch_timeout",
          "cuda_error_assert",
          "cuda_error_ecc_uncorrectable",
          "cuda_error_nvlink_uncorrectable",
          "cuda_error_context_is_destroyed",
          "cuda_error_device_unavailable",
          "cuda_error_no_device",
          "cuda_error_deinitialized",
          "cuda_error_system_not_ready",
          "an illegal memory access was encountered",
          "an illegal instruction was encountered",
          "misaligned address",
          "unspecified launch failure",
          "uncorrectable ecc error",
          "uncorrectable nvlink error",
          "device-side assert",
          "gpu is lost",
          "device lost",
          "failed to synchronize",
          "gpu sync failed",
          "gpusynchronizedevice",
          "failed to enqueue async memcpy",
          "failed to query event");

  private volatile String message = "";

  /** Whether an error's text tells of such an error. */
  static boolean isOne(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    return SIGNS.stream().anyMatch(lower::contains);
  }

  /** Keeps an error's text where it tells of such an error and is the first. */
  synchronized void saw(String text) {
    if (message.isEmpty() && isOne(text)) {
      message = text;
    }
  }

  /** The error that was seen. */
  Optional<String> message() {
    String seen = message;
    return seen.isEmpty() ? Optional.empty() : Optional.of(seen);
  }
}
