package dev.nereid.server.repository;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.repository.ModelLookup.IndexEntry;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One model of the repository with the states of its versions. Thread-safe: readers see one whole
 * picture, without a lock.
 */
final class ModelEntry {

  /**
   * What readers see.
   *
   * @param latest the largest version that is ready
   * @param failure why the model as a whole cannot be loaded; empty while it can
   */
  private record View(
      NavigableMap<Long, VersionState> versions, @Nullable ModelVersion latest, String failure) {}

  private final String name;

  @GuardedBy("this")
  private final NavigableMap<Long, VersionState> versions = new TreeMap<>();

  @GuardedBy("this")
  private String failure = "";

  private volatile View view = new View(Collections.emptyNavigableMap(), null, "");

  ModelEntry(String name) {
    this.name = name;
  }

  String name() {
    return name;
  }

  /** Sets the state of one version. */
  synchronized void set(VersionState state) {
    versions.put(state.version(), state);
    publish();
  }

  /**
   * An instance of a version is lost: from now on it is not ready, and out of service where no
   * instance is left. Does nothing where it is not in service.
   */
  synchronized void lose(long version, String reason, int instancesLeft) {
    VersionState state = versions.get(version);
    if (state != null && state.phase() == VersionState.Phase.READY) {
      set(instancesLeft > 0 ? state.impaired(reason) : VersionState.unavailable(version, reason));
    }
  }

  /** Says why the model as a whole cannot be loaded. */
  synchronized void fail(String reason) {
    failure = reason;
    publish();
  }

  @GuardedBy("this")
  private void publish() {
    ModelVersion latest = null;
    for (VersionState state : versions.values()) {
      if (state.model() != null) {
        latest = state.model();
      }
    }
    view = new View(new TreeMap<>(versions), latest, failure);
  }

  Collection<VersionState> versions() {
    return view.versions.values();
  }

  String failure() {
    return view.failure;
  }

  /** Whether it was loaded with every version its policy asks for, and all of them are whole. */
  boolean isReady() {
    View now = view;
    return now.failure.isEmpty()
        && !now.versions.isEmpty()
        && now.versions.values().stream().allMatch(VersionState::isWhole);
  }

  /** See {@link ModelLookup#isReady(String, long)}. */
  boolean isReady(long version) throws InferenceException {
    VersionState state = view.versions.get(resolve(version).version());
    return state != null && state.isWhole();
  }

  /** See {@link ModelLookup#resolve}; allocates nothing where it succeeds. */
  ModelVersion resolve(long version) throws InferenceException {
    View now = view;
    if (version == 0) {
      if (now.latest != null) {
        return now.latest;
      }
      throw isLoading(now)
          ? notReady(name + "'")
          : new InferenceException(
              StatusCode.NOT_FOUND,
              "Request for unknown model: '" + name + "' has no available versions");
    }
    VersionState state = now.versions.get(version);
    if (state == null) {
      throw new InferenceException(
          StatusCode.NOT_FOUND,
          "Request for unknown model: '" + name + "' version " + version + " is not found");
    }
    if (state.model() == null) {
      throw notReady(name + "' version " + version);
    }
    return state.model();
  }

  private static InferenceException notReady(String nameAndVersion) {
    return new InferenceException(
        StatusCode.UNAVAILABLE,
        "Request for unknown model: '" + nameAndVersion + " is not at ready state");
  }

  private static boolean isLoading(View view) {
    return view.failure.isEmpty()
        && (view.versions.isEmpty()
            || view.versions.values().stream()
                .anyMatch(state -> state.phase() == VersionState.Phase.LOADING));
  }

  List<ModelVersion> readyVersions() {
    List<ModelVersion> ready = new ArrayList<>();
    for (VersionState state : view.versions.values()) {
      if (state.model() != null) {
        ready.add(state.model());
      }
    }
    return ready;
  }

  /** Its rows of RepositoryIndex. */
  List<IndexEntry> index(boolean readyOnly) {
    View now = view;
    List<IndexEntry> rows = new ArrayList<>();
    for (VersionState state : now.versions.values()) {
      if (!readyOnly || state.model() != null) {
        rows.add(
            new IndexEntry(
                name, Long.toString(state.version()), state.phase().name(), state.reason()));
      }
    }
    if (now.versions.isEmpty() && !readyOnly) {
      String phase = now.failure.isEmpty() ? "LOADING" : "UNAVAILABLE";
      rows.add(new IndexEntry(name, "", phase, now.failure));
    }
    return rows;
  }
}
