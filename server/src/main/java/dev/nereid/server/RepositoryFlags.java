package dev.nereid.server;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The flags of {@link RepositoryOptions}. */
final class RepositoryFlags {

  @Option(
      names = {"--model-repository", "--model-store"},
      paramLabel = "<directory>",
      description =
          "A directory of models; give it again for more. A model that two of them hold is not"
              + " loaded.")
  List<Path> directories = new ArrayList<>();

  @Option(
      names = "--disable-auto-complete-config",
      arity = "0..1",
      fallbackValue = "true",
      paramLabel = "<true|false>",
      converter = BooleanFlag.class,
      description =
          "Take nothing that config.pbtxt leaves out from the model's file (default: ${DEFAULT-VALUE}).")
  boolean disableAutoComplete = false;

  @Option(
      names = "--model-config-name",
      paramLabel = "<name>",
      description = "Read configs/<name>.pbtxt of a model that has one, not config.pbtxt.")
  @Nullable String configName;

  @Option(
      names = "--model-load-thread-count",
      paramLabel = "<count>",
      description = "Threads that load models at the same time (default: ${DEFAULT-VALUE}).")
  int loadThreads = 4;

  @Option(
      names = "--exit-on-error",
      arity = "1",
      paramLabel = "<true|false>",
      converter = BooleanFlag.class,
      description = "Exit with code 1 when a model cannot be loaded (default: ${DEFAULT-VALUE}).")
  boolean exitOnError = true;

  @Option(
      names = "--exit-on-gpu-fault",
      arity = "1",
      paramLabel = "<true|false>",
      converter = BooleanFlag.class,
      description =
          "Stop and exit with code 1 when a CUDA error that does not go away ends an instance;"
              + " otherwise its model is not ready, and the rest serves (default: ${DEFAULT-VALUE}).")
  boolean exitOnGpuFault = false;

  @Option(
      names = "--strict-readiness",
      arity = "1",
      paramLabel = "<true|false>",
      converter = BooleanFlag.class,
      description =
          "Be ready only while every model is; otherwise once loading has ended (default: ${DEFAULT-VALUE}).")
  boolean strictReadiness = true;

  @Option(
      names = "--backend-directory",
      paramLabel = "<directory>",
      description =
          "Where backends are, a folder of jars each (default: 'backends' of this distribution).")
  @Nullable Path backendDirectory;

  @Option(
      names = "--backend-config",
      paramLabel = "<backend>,<key>=<value>",
      description = "A setting of one backend; give it again for more.")
  List<String> backendSettings = new ArrayList<>();

  RepositoryOptions options() {
    if (directories.isEmpty()) {
      throw new TypeConversionException("--model-repository: none (expected: at least one)");
    }
    if (loadThreads < 1) {
      throw new TypeConversionException(
          "--model-load-thread-count: " + loadThreads + " (expected: >= 1)");
    }
    return new RepositoryOptions(
        directories,
        !disableAutoComplete,
        Optional.ofNullable(configName),
        loadThreads,
        exitOnError,
        exitOnGpuFault,
        strictReadiness,
        backendDirectory == null ? Distribution.backends() : backendDirectory,
        settings());
  }

  private Map<String, Map<String, String>> settings() {
    Map<String, Map<String, String>> settings = new TreeMap<>();
    for (String setting : backendSettings) {
      int comma = setting.indexOf(',');
      int equals = setting.indexOf('=', comma + 1);
      if (comma < 1 || equals < comma + 2) {
        throw new TypeConversionException(
            "--backend-config: " + setting + " (expected: <backend>,<key>=<value>)");
      }
      settings
          .computeIfAbsent(setting.substring(0, comma), ignored -> new TreeMap<>())
          .put(setting.substring(comma + 1, equals), setting.substring(equals + 1));
    }
    return settings;
  }
}
