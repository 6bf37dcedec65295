package dev.nereid.backend.tensorflow.gpu;

import com.sun.jna.Memory;
import com.sun.jna.ptr.IntByReference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * NVIDIA's driver, as programs of this process see it: with {@code CUDA_VISIBLE_DEVICES} applied.
 *
 * @param cudaVersion that it supports, as 12030 for 12.3
 * @param version its own, as 580.159.04; empty where it does not say
 * @param devices by index
 */
public record CudaDriver(int cudaVersion, String version, List<Device> devices) {

  private static final String LIBRARY = "libcuda.so.1";
  private static final Path VERSION_FILE = Path.of("/proc/driver/nvidia/version");
  private static final Pattern VERSION = Pattern.compile("\\b(\\d{3,}\\.\\d+(\\.\\d+)?)\\b");

  private static final int MAJOR = 75;
  private static final int MINOR = 76;
  private static final int LONGEST_NAME = 256;

  public CudaDriver {
    devices = List.copyOf(devices);
  }

  /**
   * One GPU.
   *
   * @param major of its compute capability: 7.5 is a T4, 9.0 an H100
   * @param minor likewise
   */
  public record Device(String name, int major, int minor) {
    @Override
    public String toString() {
      return "%s (compute capability %d.%d)".formatted(name, major, minor);
    }
  }

  /** Empty where there is no driver, or it does not start. Starts it. */
  public static Optional<CudaDriver> find() {
    return find(LIBRARY, VERSION_FILE);
  }

  static Optional<CudaDriver> find(String libraryName, Path versionFile) {
    Optional<SharedLibrary> found = SharedLibrary.find(libraryName);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    SharedLibrary library = found.get();
    if (failed(library.callInt("cuInit", 0))) {
      return Optional.empty();
    }
    List<Device> devices = new ArrayList<>();
    int count = number(library, "cuDeviceGetCount");
    for (int i = 0; i < count; i++) {
      device(library, i).ifPresent(devices::add);
    }
    return Optional.of(
        new CudaDriver(number(library, "cuDriverGetVersion"), readVersion(versionFile), devices));
  }

  private static Optional<Device> device(SharedLibrary library, int index) {
    IntByReference handle = new IntByReference();
    IntByReference major = new IntByReference();
    IntByReference minor = new IntByReference();
    try (Memory name = new Memory(LONGEST_NAME)) {
      if (failed(library.callInt("cuDeviceGet", handle, index))
          || failed(library.callInt("cuDeviceGetName", name, LONGEST_NAME, handle.getValue()))
          || failed(library.callInt("cuDeviceGetAttribute", major, MAJOR, handle.getValue()))
          || failed(library.callInt("cuDeviceGetAttribute", minor, MINOR, handle.getValue()))) {
        return Optional.empty();
      }
      return Optional.of(
          new Device(name.getString(0, "UTF-8"), major.getValue(), minor.getValue()));
    }
  }

  private static int number(SharedLibrary library, String function) {
    IntByReference number = new IntByReference();
    return failed(library.callInt(function, number)) ? 0 : number.getValue();
  }

  private static boolean failed(OptionalLong result) {
    return result.orElse(-1) != 0;
  }

  private static String readVersion(Path file) {
    try {
      Matcher matcher = VERSION.matcher(Files.readString(file));
      return matcher.find() ? matcher.group(1) : "";
    } catch (IOException e) {
      return "";
    }
  }

  /** As 12.3. */
  public String cudaVersionText() {
    return String.format(Locale.ROOT, "%d.%d", cudaVersion / 1000, cudaVersion % 1000 / 10);
  }
}
