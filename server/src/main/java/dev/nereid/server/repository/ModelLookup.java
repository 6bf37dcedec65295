package dev.nereid.server.repository;

import dev.nereid.server.inference.InferenceException;
import java.util.List;

/** What the endpoints may ask about models. Thread-safe; nothing here blocks. */
public interface ModelLookup {

  /**
   * The version to use.
   *
   * @param version 0 for the largest that is ready
   * @throws InferenceException with Triton's texts {@code Request for unknown model: 'M' is not
   *     found} and its three companions (NOT_FOUND; UNAVAILABLE for one that is not ready)
   */
  ModelVersion resolve(String model, long version) throws InferenceException;

  /**
   * Whether a version is as it should be: false for one that serves after an instance of it died.
   *
   * @param version 0 for the largest that is ready
   * @throws InferenceException as {@link #resolve} for one that does not serve
   */
  boolean isReady(String model, long version) throws InferenceException;

  /** Every ready version of a model, ascending; empty where it is unknown or none is ready. */
  List<ModelVersion> readyVersions(String model);

  /** Every model version known, by name, then version. */
  List<IndexEntry> index(boolean readyOnly);

  /** Whether the server may call itself ready, as {@code --strict-readiness} defines it. */
  boolean isReady();

  /**
   * One row of RepositoryIndex.
   *
   * @param version empty with the two others for a model directory that was never loaded
   * @param state READY, LOADING, UNLOADING, UNAVAILABLE, UNKNOWN
   */
  record IndexEntry(String name, String version, String state, String reason) {}
}
