package dev.nereid.server.gpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What GPUs there are, found once, when the server starts.
 *
 * @param driver empty where there is no GPU
 * @param devices in the order of their indices
 * @param absence why there is no GPU; empty where there is one
 */
public record GpuDevices(Optional<CudaDriver> driver, List<GpuDevice> devices, String absence) {

  private static final Logger log = LoggerFactory.getLogger(GpuDevices.class);

  /**
   * The oldest CUDA whose driver runs what is built for CUDA 12, as every engine here is: drivers
   * promise that within a major version.
   */
  static final int OLDEST_CUDA = 12000;

  public GpuDevices {
    devices = List.copyOf(devices);
  }

  /** Asks the driver; whatever is wrong with it is in the log, and no reason not to serve. */
  public static GpuDevices find() {
    return find(CudaDriver.LIBRARY, Path.of("/sys"));
  }

  /**
   * The same for another driver.
   *
   * @param sys {@code /sys}
   */
  static GpuDevices find(String library, Path sys) {
    try {
      CudaDriver driver = CudaDriver.open(library);
      int version = driver.version();
      if (version < OLDEST_CUDA) {
        return none(
            "the driver runs CUDA %s (expected: a driver for CUDA %s or newer, 525.60.13 or newer)"
                .formatted(cuda(version), cuda(OLDEST_CUDA)));
      }
      List<GpuDevice> devices = new ArrayList<>();
      int count = driver.deviceCount();
      for (int index = 0; index < count; index++) {
        devices.add(device(driver, index, sys));
      }
      if (devices.isEmpty()) {
        return none("the driver shows this process none; CUDA_VISIBLE_DEVICES may hide them");
      }
      devices.forEach(device -> log.info("{}", device));
      return new GpuDevices(Optional.of(driver), devices, "");
    } catch (CudaException e) {
      return none(String.valueOf(e.getMessage()));
    }
  }

  private static GpuDevices none(String reason) {
    log.info("No GPU: {}", reason);
    return new GpuDevices(Optional.empty(), List.of(), reason);
  }

  private static GpuDevice device(CudaDriver driver, int index, Path sys) throws CudaException {
    int device = driver.device(index);
    String pciBusId = driver.pciBusId(device);
    return new GpuDevice(
        index,
        driver.uuid(device),
        driver.name(device),
        driver.computeCapability(device),
        driver.totalMemoryBytes(device),
        pciBusId,
        numaNode(sys, pciBusId));
  }

  /** -1, or no such file, is how the kernel says that it does not know. */
  private static OptionalInt numaNode(Path sys, String pciBusId) {
    Path file = sys.resolve("bus/pci/devices").resolve(pciBusId).resolve("numa_node");
    try {
      int node = Integer.parseInt(Files.readString(file).strip());
      return node < 0 ? OptionalInt.empty() : OptionalInt.of(node);
    } catch (IOException | NumberFormatException e) {
      return OptionalInt.empty();
    }
  }

  private static String cuda(int version) {
    return version / 1000 + "." + version % 1000 / 10;
  }
}
