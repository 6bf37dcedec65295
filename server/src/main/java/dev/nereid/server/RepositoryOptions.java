package dev.nereid.server;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Which models are served, and how they are loaded.
 *
 * @param configName of {@code --model-config-name}
 * @param exitOnGpuFault whether the process ends when a GPU fails an instance for good
 * @param backendSettings {@code --backend-config}'s keys and values, by backend
 */
public record RepositoryOptions(
    List<Path> directories,
    boolean autoComplete,
    Optional<String> configName,
    int loadThreads,
    boolean exitOnError,
    boolean exitOnGpuFault,
    boolean strictReadiness,
    Path backendDirectory,
    Map<String, Map<String, String>> backendSettings) {

  public RepositoryOptions {
    directories = List.copyOf(directories);
    backendSettings =
        backendSettings.entrySet().stream()
            .collect(
                Collectors.toUnmodifiableMap(Map.Entry::getKey, e -> Map.copyOf(e.getValue())));
  }
}
