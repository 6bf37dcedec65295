package dev.nereid.server.endpoint.grpc;

import java.util.List;

/**
 * What ServerMetadata answers.
 *
 * @param name {@code --id}
 * @param version of this build
 */
public record ServerIdentity(String name, String version) {

  /** The protocol's extensions that this server has, in Triton's spelling and order. */
  static final List<String> EXTENSIONS =
      List.of(
          "classification",
          "model_repository",
          "schedule_policy",
          "model_configuration",
          "parameters",
          "statistics");
}
