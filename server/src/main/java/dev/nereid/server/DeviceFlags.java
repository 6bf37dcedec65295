package dev.nereid.server;

import dev.nereid.server.gpu.ComputeCapability;
import dev.nereid.server.host.HostPolicy;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The flags of {@link DeviceOptions}. */
final class DeviceFlags {

  @Option(
      names = "--min-supported-compute-capability",
      paramLabel = "<major.minor>",
      description =
          "GPUs of a lower CUDA compute capability are not used (default: ${DEFAULT-VALUE}, a T4).")
  String minComputeCapability = "7.5";

  @Option(
      names = "--host-policy",
      paramLabel = "<name>,<setting>=<value>",
      description =
          "Where threads of instances run; give it again for more. Settings are numa-node=<node> and"
              + " cpu-cores=<first>-<last>. An instance's policy is its group's host_policy, else"
              + " gpu_<index> on a GPU and cpu on the CPU.")
  List<String> hostPolicies = new ArrayList<>();

  DeviceOptions options() {
    ComputeCapability min;
    try {
      min = ComputeCapability.parse(minComputeCapability);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException("--min-supported-compute-capability: " + e.getMessage());
    }
    try {
      return new DeviceOptions(min, HostPolicy.parse(hostPolicies));
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(String.valueOf(e.getMessage()));
    }
  }
}
