package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.Parameters;
import java.util.Optional;
import java.util.OptionalInt;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.OptimizerOptions.GlobalJitLevel;
import org.tensorflow.proto.RewriterConfig;

/**
 * What a model's config.pbtxt says about its session, under Triton's names.
 *
 * @param intraOpThreads {@code TF_NUM_INTRA_THREADS}: threads within an operator; 0 or none is one
 *     a core. TensorFlow has one such pool a process, sized by the first model that is loaded
 * @param interOpThreads {@code TF_NUM_INTER_THREADS}: operators side by side; likewise one pool a
 *     process unless the session has its own
 * @param perSessionThreads {@code TF_USE_PER_SESSION_THREADS}: a pool of its own for operators side
 *     by side
 * @param graphTag {@code TF_GRAPH_TAG}; {@code serve} where it is not there
 * @param signatureKey {@code TF_SIGNATURE_DEF}; {@code serving_default} where it is not there
 * @param padding {@code allowed_batch_sizes}, ours: the sizes that batches are filled up to
 * @param padBatches {@code pad_batches}, ours: whether they are; false has them built for these
 *     sizes and run as they are
 */
record SessionSettings(
    OptionalInt intraOpThreads,
    OptionalInt interOpThreads,
    boolean perSessionThreads,
    Optional<String> graphTag,
    Optional<String> signatureKey,
    Optional<Padding> padding,
    boolean padBatches) {

  static final String INTRA_OP_THREADS = "TF_NUM_INTRA_THREADS";
  static final String INTER_OP_THREADS = "TF_NUM_INTER_THREADS";

  /** For a session that is to leave GPUs alone. */
  static final ConfigProto CPU_ALONE =
      ConfigProto.newBuilder().setAllowSoftPlacement(true).putDeviceCount("GPU", 0).build();

  private static final int MOST_THREADS = 4096;

  /**
   * @param maxBatchSize the config's; empty while it is not known, as when a model is inspected
   */
  static SessionSettings parse(ModelSource source, OptionalInt maxBatchSize)
      throws BackendException {
    Parameters parameters = Parameters.ofModel(source.parameters());
    SessionSettings settings =
        new SessionSettings(
            parameters.integer(INTRA_OP_THREADS, 0, MOST_THREADS),
            parameters.integer(INTER_OP_THREADS, 0, MOST_THREADS),
            parameters.bool("TF_USE_PER_SESSION_THREADS").orElse(false),
            parameters.text("TF_GRAPH_TAG"),
            parameters.text("TF_SIGNATURE_DEF"),
            padding(parameters, maxBatchSize),
            parameters.bool("pad_batches").orElse(true));
    parameters.refuseOthers();
    return settings;
  }

  private static Optional<Padding> padding(Parameters parameters, OptionalInt maxBatchSize)
      throws BackendException {
    if (maxBatchSize.isEmpty()) {
      parameters.text(Padding.SIZES);
      return Optional.empty();
    }
    return Padding.parse(parameters, maxBatchSize.getAsInt());
  }

  /** All of it, and {@code optimization.graph.level}, for TensorFlow. */
  ConfigProto toProto(OptionalInt graphLevel) throws BackendException {
    ConfigProto.Builder config =
        ConfigProto.newBuilder()
            .setIntraOpParallelismThreads(intraOpThreads.orElse(0))
            .setInterOpParallelismThreads(interOpThreads.orElse(0))
            .setUsePerSessionThreads(perSessionThreads)
            .setAllowSoftPlacement(true);
    if (graphLevel.isPresent()) {
      config
          .getGraphOptionsBuilder()
          .getOptimizerOptionsBuilder()
          .setGlobalJitLevel(xla(graphLevel.getAsInt()));
    }
    return config.build();
  }

  /**
   * The same for instances on the CPU. TensorFlow would put operators on a GPU that it has
   * otherwise, also on one that is not used here for what it lacks.
   */
  ConfigProto toCpuProto(OptionalInt graphLevel) throws BackendException {
    return toProto(graphLevel).toBuilder().putDeviceCount("GPU", 0).build();
  }

  /**
   * The same for instances on a GPU.
   *
   * @param maxBatchSize the config's
   */
  ConfigProto toGpuProto(
      OptionalInt graphLevel, GpuMemory memory, GpuOptimization optimization, int maxBatchSize)
      throws BackendException {
    ConfigProto.Builder config = toProto(graphLevel).toBuilder().setGpuOptions(memory.toProto());
    if (optimization.tensorRt().isPresent()) {
      config
          .getGraphOptionsBuilder()
          .setRewriteOptions(optimization.tensorRt().get().rewriter(maxBatchSize));
    } else if (optimization.mixedPrecision()) {
      config
          .getGraphOptionsBuilder()
          .getRewriteOptionsBuilder()
          .setAutoMixedPrecision(RewriterConfig.Toggle.ON);
    }
    return config.build();
  }

  private static GlobalJitLevel xla(int level) throws BackendException {
    return switch (level) {
      case -1 -> GlobalJitLevel.OFF;
      case 0 -> GlobalJitLevel.DEFAULT;
      case 1 -> GlobalJitLevel.ON_1;
      case 2 -> GlobalJitLevel.ON_2;
      default ->
          throw BackendException.ofField(
              "optimization.graph.level: " + level + " (expected: -1, 0, 1 or 2)",
              "optimization",
              "graph",
              "level");
    };
  }
}
