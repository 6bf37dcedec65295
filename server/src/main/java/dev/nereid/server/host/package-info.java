/**
 * Where threads run on this machine: cores and NUMA nodes, by Triton's host policies.
 *
 * <p>A leaf, wired by the root alone. Starting point: {@link dev.nereid.server.host.HostPolicies}.
 */
@NullMarked
package dev.nereid.server.host;

import org.jspecify.annotations.NullMarked;
