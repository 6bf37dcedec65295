package dev.nereid.server;

import dev.nereid.server.gpu.ComputeCapability;
import dev.nereid.server.host.HostPolicy;
import java.util.Map;

/**
 * Which devices are used, and from where on the host.
 *
 * @param minComputeCapability GPUs below it are not used
 * @param hostPolicies by name
 */
public record DeviceOptions(
    ComputeCapability minComputeCapability, Map<String, HostPolicy> hostPolicies) {

  public DeviceOptions {
    hostPolicies = Map.copyOf(hostPolicies);
  }
}
