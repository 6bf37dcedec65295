package dev.nereid.server.endpoint.grpc;

import dev.nereid.protocol.InferBatchStatistics;
import dev.nereid.protocol.InferStatistics;
import dev.nereid.protocol.ModelStatistics;
import dev.nereid.protocol.ModelStatisticsRequest;
import dev.nereid.protocol.ModelStatisticsResponse;
import dev.nereid.protocol.StatisticDuration;
import dev.nereid.server.endpoint.ModelVersions;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.metrics.BatchStatistics;
import dev.nereid.server.metrics.StageDuration;
import dev.nereid.server.metrics.StatisticsSnapshot;
import dev.nereid.server.repository.ModelLookup;
import dev.nereid.server.repository.ModelVersion;
import java.util.List;

/**
 * What ModelStatistics answers. There is no response cache, so its two durations are zero; there
 * are no responses by index, since no model here has more than one.
 */
final class StatisticsMessages {

  private StatisticsMessages() {}

  /**
   * The statistics of one version, of a model's ready versions, or of all.
   *
   * @throws InferenceException INVALID_ARGUMENT for a model or version that is not ready
   */
  static ModelStatisticsResponse of(ModelLookup models, ModelStatisticsRequest request)
      throws InferenceException {
    ModelStatisticsResponse.Builder response = ModelStatisticsResponse.newBuilder();
    long asked = ModelVersions.parse(request.getVersion());
    if (request.getName().isEmpty()) {
      models.index(true).stream()
          .map(ModelLookup.IndexEntry::name)
          .distinct()
          .flatMap(name -> models.readyVersions(name).stream())
          .forEach(version -> response.addModelStats(of(version)));
      return response.build();
    }
    List<ModelVersion> ready = models.readyVersions(request.getName());
    if (ready.isEmpty()) {
      throw refusal("requested model '" + request.getName() + "' is not available");
    }
    for (ModelVersion version : ready) {
      if (asked == ModelVersions.LATEST || asked == version.version()) {
        response.addModelStats(of(version));
      }
    }
    if (response.getModelStatsCount() == 0) {
      throw refusal(
          "requested model version is not available for model '" + request.getName() + "'");
    }
    return response.build();
  }

  private static ModelStatistics of(ModelVersion model) {
    StatisticsSnapshot counted = model.statistics().snapshot();
    ModelStatistics.Builder message =
        ModelStatistics.newBuilder()
            .setName(model.name())
            .setVersion(Long.toString(model.version()))
            .setLastInference(counted.lastInferenceEpochMillis())
            .setInferenceCount(counted.inferenceCount())
            .setExecutionCount(counted.executionCount())
            .setInferenceStats(
                InferStatistics.newBuilder()
                    .setSuccess(of(counted.success()))
                    .setFail(of(counted.fail()))
                    .setQueue(of(counted.queue()))
                    .setComputeInput(of(counted.computeInput()))
                    .setComputeInfer(of(counted.computeInfer()))
                    .setComputeOutput(of(counted.computeOutput()))
                    .setCacheHit(StatisticDuration.getDefaultInstance())
                    .setCacheMiss(StatisticDuration.getDefaultInstance()));
    counted.batches().forEach((size, batch) -> message.addBatchStats(of(size, batch)));
    return message.build();
  }

  private static InferBatchStatistics of(int batchSize, BatchStatistics batch) {
    return InferBatchStatistics.newBuilder()
        .setBatchSize(batchSize)
        .setComputeInput(of(batch.computeInput()))
        .setComputeInfer(of(batch.computeInfer()))
        .setComputeOutput(of(batch.computeOutput()))
        .build();
  }

  private static StatisticDuration of(StageDuration duration) {
    return StatisticDuration.newBuilder()
        .setCount(duration.count())
        .setNs(duration.nanos())
        .build();
  }

  private static InferenceException refusal(String text) {
    return new InferenceException(StatusCode.INVALID_ARGUMENT, text);
  }
}
