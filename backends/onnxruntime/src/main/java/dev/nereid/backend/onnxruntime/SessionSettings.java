package dev.nereid.backend.onnxruntime;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.OrtSession.SessionOptions.ExecutionMode;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.Parameters;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a model's config.pbtxt says about its sessions, under Triton's names.
 *
 * @param level {@code optimization { graph { level } }}: -1 basic, 1 extended, 2 none; all where it
 *     is not there
 * @param intraOpThreads {@code intra_op_thread_count}; 0 or none is one a core
 * @param interOpThreads {@code inter_op_thread_count}; only for {@code execution_mode} 1
 * @param executionMode {@code execution_mode}: 0 runs operators one after the other, 1 side by side
 * @param memoryArena {@code enable_mem_arena}
 * @param memoryPattern {@code enable_mem_pattern}
 * @param arenaShrinkage {@code memory.enable_memory_arena_shrinkage}, such as {@code cpu:0}: arenas
 *     that give memory back after each run
 * @param sharedSession {@code share_session_between_instances}: one session for all the instances
 *     of a device; where it is not there, {@link OnnxModel} decides
 * @param configEntries {@code session.…}: passed on as they are
 * @param gpu what holds on GPUs only
 */
record SessionSettings(
    OptLevel level,
    OptionalInt intraOpThreads,
    OptionalInt interOpThreads,
    ExecutionMode executionMode,
    Optional<Boolean> memoryArena,
    Optional<Boolean> memoryPattern,
    Optional<String> arenaShrinkage,
    Optional<Boolean> sharedSession,
    Map<String, String> configEntries,
    GpuSettings gpu) {

  static final int MOST_THREADS = 4096;
  static final String ARENA_SHRINKAGE = "memory.enable_memory_arena_shrinkage";

  static SessionSettings parse(ModelSpec spec) throws BackendException {
    spec.gpu().refuseAll(OnnxRuntimeProvider.NAME);
    Parameters parameters = Parameters.ofModel(spec.source().parameters());
    SessionSettings settings =
        new SessionSettings(
            level(spec.graphOptimizationLevel()),
            parameters.integer("intra_op_thread_count", 0, MOST_THREADS),
            parameters.integer("inter_op_thread_count", 0, MOST_THREADS),
            parameters.integer("execution_mode", 0, 1).orElse(0) == 0
                ? ExecutionMode.SEQUENTIAL
                : ExecutionMode.PARALLEL,
            parameters.bool("enable_mem_arena"),
            parameters.bool("enable_mem_pattern"),
            parameters.text(ARENA_SHRINKAGE),
            parameters.bool("share_session_between_instances"),
            parameters.startingWith("session."),
            GpuSettings.parse(spec, parameters));
    parameters.refuseOthers();
    return settings;
  }

  private static OptLevel level(OptionalInt level) throws BackendException {
    return switch (level.orElse(0)) {
      case 0 -> OptLevel.ALL_OPT;
      case -1 -> OptLevel.BASIC_OPT;
      case 1 -> OptLevel.EXTENDED_OPT;
      case 2 -> OptLevel.NO_OPT;
      default ->
          throw BackendException.ofField(
              "optimization.graph.level: " + level.getAsInt() + " (expected: -1, 0, 1 or 2)",
              "optimization",
              "graph",
              "level");
    };
  }

  /** Fresh options, to be closed by the caller once a session is made of them. */
  SessionOptions options(BackendSettings backend) throws OrtException {
    SessionOptions options = new SessionOptions();
    try {
      options.setOptimizationLevel(level);
      options.setExecutionMode(executionMode);
      if (backend.globalThreadPool()) {
        options.disablePerSessionThreads();
      } else {
        options.setIntraOpNumThreads(intraOpThreads.orElse(backend.intraOpThreads().orElse(0)));
        options.setInterOpNumThreads(interOpThreads.orElse(backend.interOpThreads().orElse(0)));
      }
      if (memoryArena.isPresent()) {
        options.setCPUArenaAllocator(memoryArena.get());
      }
      if (memoryPattern.isPresent()) {
        options.setMemoryPatternOptimization(memoryPattern.get());
      }
      for (Map.Entry<String, String> entry : configEntries.entrySet()) {
        options.addConfigEntry(entry.getKey(), entry.getValue());
      }
      return options;
    } catch (OrtException | RuntimeException e) {
      options.close();
      throw e;
    }
  }
}
