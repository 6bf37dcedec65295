package dev.nereid.backend.tensorrt;

import org.bytedeco.cuda.cudart.cudaDeviceProp;
import org.bytedeco.cuda.global.cudart;

/**
 * A GPU, as far as it decides which engine runs on it.
 *
 * @param index among those that this process sees
 * @param name as the driver gives it
 * @param major of its compute capability
 * @param minor of its compute capability
 * @param multiprocessors that this process may use, fewer in a MIG slice
 */
record Gpu(int index, String name, int major, int minor, int multiprocessors) {

  /** Asks CUDA. */
  static Gpu of(int index) throws CudaException {
    int count = Cuda.deviceCount();
    if (index < 0 || index >= count) {
      throw new CudaException(101, "GPU " + index + " (expected: below " + count + ")");
    }
    try (cudaDeviceProp properties = new cudaDeviceProp()) {
      int status = cudart.cudaGetDeviceProperties(properties, index);
      if (status != 0) {
        throw new CudaException(status, "CUDA error " + status + " in cudaGetDeviceProperties");
      }
      return new Gpu(
          index,
          properties.name().getString(),
          properties.major(),
          properties.minor(),
          properties.multiProcessorCount());
    }
  }

  String computeCapability() {
    return major + "." + minor;
  }

  /** Whether it has units for that precision that outrun those for FP32: a T4, 7.5, has no TF32. */
  boolean isFasterIn(Precision precision) {
    int capability = 10 * major + minor;
    return switch (precision) {
      case FP32 -> true;
      case TF32 -> capability >= 80;
      case FP16 -> capability >= 70 || capability == 60 || capability == 62;
      case INT8 -> capability >= 72 || capability == 61;
    };
  }

  @Override
  public String toString() {
    return "GPU " + index + " (" + name + ", compute capability " + computeCapability() + ")";
  }
}
