package dev.nereid.server.config;

import java.util.List;
import java.util.Locale;

/**
 * The GPUs that instances may run on.
 *
 * @param usable in the order of their indices
 * @param minComputeCapability that the usable ones have at least: {@code
 *     --min-supported-compute-capability}
 * @param absence why there is none, where that is known; empty otherwise
 */
public record Gpus(List<Gpu> usable, double minComputeCapability, String absence) {

  /** A machine without a GPU. */
  public static final Gpus NONE = new Gpus(List.of(), 0, "");

  public Gpus {
    usable = List.copyOf(usable);
  }

  /**
   * One GPU.
   *
   * @param index by which a config names it
   * @param uuid by which metrics name it
   */
  public record Gpu(int index, String uuid) {}

  /** GPUs of which only the indices are known. */
  public static Gpus of(List<Integer> indices) {
    return new Gpus(indices.stream().map(index -> new Gpu(index, "")).toList(), 0, "");
  }

  List<Integer> indices() {
    return usable.stream().map(Gpu::index).toList();
  }

  /** The UUID of the GPU of that index; empty where there is none. */
  String uuid(int index) {
    return usable.stream().filter(gpu -> gpu.index == index).map(Gpu::uuid).findFirst().orElse("");
  }

  /** Triton's text for an index that is not usable, behind the name of the group. */
  String refusal(int index) {
    return String.format(
        Locale.ROOT,
        " specifies invalid or unsupported gpu id %d. GPUs with at least the minimum required CUDA"
            + " compute compatibility of %f are: %s",
        index,
        minComputeCapability,
        String.join(", ", usable.stream().map(gpu -> Integer.toString(gpu.index)).toList()));
  }
}
