package dev.nereid.server.endpoint.grpc;

import dev.nereid.server.inference.DevicePart;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.inference.Tensor;
import dev.nereid.server.memory.RegionPart;
import io.netty.buffer.Unpooled;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Where the outputs of one request go that are wanted in shared memory. One thread at a time.
 * Whoever holds it releases it.
 */
final class OutputRegions {

  private Map<String, RegionPart> parts = Map.of();

  /** An output that goes there; the part is this object's from here on. */
  void put(String output, RegionPart part) {
    if (parts.isEmpty()) {
      parts = new HashMap<>();
    }
    parts.put(output, part);
  }

  /**
   * Where those outputs are wanted that go to these GPUs, by output. Each is held for itself, so
   * that it is there for whoever writes it also when this is released.
   *
   * @return the caller's to release
   */
  Map<String, DevicePart> onDevices(Set<Integer> devices) {
    if (parts.isEmpty() || devices.isEmpty()) {
      return Map.of();
    }
    Map<String, DevicePart> found = new HashMap<>();
    parts.forEach(
        (output, part) -> {
          DevicePart there = part.onDevice();
          if (there != null && devices.contains(there.device())) {
            found.put(output, Objects.requireNonNull(part.again().onDevice()));
          }
        });
    return found;
  }

  /** Whether {@link #fill} blocks: some of them go to GPUs, and are not there yet. */
  boolean areOnDevices(List<Tensor> outputs) {
    if (parts.isEmpty()) {
      return false;
    }
    for (Tensor output : outputs) {
      RegionPart part = parts.get(output.name());
      if (part != null && part.isOnDevice() && output.onDevice() == null) {
        return true;
      }
    }
    return false;
  }

  /**
   * Writes those outputs to where they are wanted; what is left in the list of each is its name,
   * type and shape, as in Triton's answers. What its backend wrote there itself is such already.
   * The list's owner owns what is in it.
   *
   * @throws InferenceException INTERNAL with Triton's text where a tensor is larger than its part;
   *     some may be written then
   */
  void fill(List<Tensor> outputs) throws InferenceException {
    for (int i = 0; i < outputs.size(); i++) {
      Tensor output = outputs.get(i);
      RegionPart part = parts.get(output.name());
      if (part == null || output.onDevice() != null) {
        continue;
      }
      int bytes = output.data().readableBytes();
      if (bytes > part.byteSize()) {
        throw new InferenceException(
            StatusCode.INTERNAL,
            "shared memory size specified with the request for output '"
                + output.name()
                + "' ("
                + part.byteSize()
                + " bytes) should be at least "
                + bytes
                + " bytes to hold the results");
      }
      part.write(output.data());
      outputs.set(
          i, new Tensor(output.name(), output.type(), output.shape(), Unpooled.EMPTY_BUFFER));
      output.data().release();
    }
  }

  /** Lets the regions go; does nothing the second time. */
  void release() {
    parts.values().forEach(RegionPart::release);
    parts = Map.of();
  }
}
