package dev.nereid.server.endpoint.grpc;

import java.util.ArrayList;
import java.util.List;

/**
 * What ServerMetadata answers.
 *
 * @param name {@code --id}
 * @param version of this build
 */
public record ServerIdentity(String name, String version) {

  /**
   * The protocol's extensions that this server has, in Triton's spelling and order.
   *
   * @param systemSharedMemory whether clients may register shared memory
   * @param cudaSharedMemory whether they may register that of a GPU
   */
  static List<String> extensions(boolean systemSharedMemory, boolean cudaSharedMemory) {
    List<String> extensions =
        new ArrayList<>(
            List.of(
                "classification", "model_repository", "schedule_policy", "model_configuration"));
    if (systemSharedMemory) {
      extensions.add("system_shared_memory");
    }
    if (cudaSharedMemory) {
      extensions.add("cuda_shared_memory");
    }
    extensions.addAll(List.of("parameters", "statistics"));
    return extensions;
  }
}
