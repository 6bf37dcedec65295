package dev.nereid.server.scheduling;

import dev.nereid.server.config.BatchingConfig;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.InferenceRequest;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.memory.TensorMemory;
import dev.nereid.server.metrics.ModelStatistics;
import java.util.List;

/** The scheduler of one model version. */
public final class ModelScheduler implements Scheduler {

  /**
   * Does not start the instances' threads: see {@link #start}.
   *
   * @param version of the model, for threads' names and texts
   * @param outputs those the config lists, in its order, which is the order of every answer's
   * @param instances passive ones too; at least one
   * @param statistics where everything is counted, before a client is told
   * @param memory for gathered inputs and for outputs
   */
  @SuppressWarnings("UnusedVariable") // Signature first; the body lands next.
  public ModelScheduler(
      BatchingConfig config,
      long version,
      List<ModelOutput> outputs,
      List<ScheduledInstance> instances,
      ModelStatistics statistics,
      TensorMemory memory,
      Clock clock,
      InstanceFaults faults) {}

  /** Starts one thread for each instance that is not passive, named model-version-instance. */
  public void start() {}

  @Override
  public Cancellation enqueue(InferenceRequest request) throws InferenceException {
    throw new InferenceException(StatusCode.UNIMPLEMENTED, "scheduler");
  }

  @Override
  public int queuedRequests() {
    return 0;
  }

  @Override
  public int pendingRequests() {
    return 0;
  }

  @Override
  public void stopAccepting() {}

  @Override
  public void close() {}
}
