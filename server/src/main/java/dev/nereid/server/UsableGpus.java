package dev.nereid.server;

import dev.nereid.server.config.Gpus;
import dev.nereid.server.gpu.ComputeCapability;
import dev.nereid.server.gpu.GpuDevice;
import dev.nereid.server.gpu.GpuDevices;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Of the GPUs that this process sees, those that instances may run on. */
final class UsableGpus {

  private static final Logger log = LoggerFactory.getLogger(UsableGpus.class);

  private UsableGpus() {}

  /**
   * @param least {@code --min-supported-compute-capability}
   */
  static Gpus of(GpuDevices gpus, ComputeCapability least) {
    List<Gpus.Gpu> usable = new ArrayList<>();
    String absence = gpus.absence();
    for (GpuDevice device : gpus.devices()) {
      if (device.computeCapability().compareTo(least) >= 0) {
        usable.add(new Gpus.Gpu(device.index(), device.uuid()));
      } else {
        absence =
            "GPU %d (%s) has compute capability %s (expected: at least %s,"
                    .formatted(device.index(), device.name(), device.computeCapability(), least)
                + " --min-supported-compute-capability)";
        log.warn("{}: it is not used", absence);
      }
    }
    return new Gpus(usable, Double.parseDouble(least.toString()), absence);
  }
}
