package dev.nereid.server.repository;

import org.jspecify.annotations.Nullable;

/**
 * Where one version of a model stands, as RepositoryIndex says it.
 *
 * @param reason why it is not ready, or not whole though it serves; empty where there is nothing to
 *     explain
 * @param model what serves it; there exactly while it is READY
 */
record VersionState(long version, Phase phase, String reason, @Nullable ModelVersion model) {

  /** Triton's states. */
  enum Phase {
    LOADING,
    READY,
    UNLOADING,
    UNAVAILABLE
  }

  VersionState {
    if ((model != null) != (phase == Phase.READY)) {
      throw new IllegalArgumentException(
          "phase: " + phase + " (expected: READY exactly with a model that serves)");
    }
  }

  static VersionState loading(long version) {
    return new VersionState(version, Phase.LOADING, "", null);
  }

  static VersionState ready(ModelVersion model) {
    return new VersionState(model.version(), Phase.READY, "", model);
  }

  /** It goes on serving with what is left of it. */
  VersionState impaired(String why) {
    return new VersionState(version, phase, why, model);
  }

  /** Whether it serves with every instance that it was given. */
  boolean isWhole() {
    return phase == Phase.READY && reason.isEmpty();
  }

  static VersionState unloading(long version) {
    return new VersionState(version, Phase.UNLOADING, "", null);
  }

  static VersionState unavailable(long version, String reason) {
    return new VersionState(version, Phase.UNAVAILABLE, reason, null);
  }
}
