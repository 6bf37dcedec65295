package dev.nereid.bench.measure;

import dev.nereid.bench.target.StatisticsSnapshot;
import dev.nereid.bench.target.StatisticsSnapshot.Total;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a request's time went, by the server's own counters over one probe: every request that the
 * probe sent, its settling time included, and nothing else unless others load the same model.
 *
 * @param seconds from before the first reading of the counters to after the second
 * @param requests requests that the server answered in between
 * @param queueNanos mean time in the queue
 * @param inputNanos mean time gathering inputs
 * @param inferNanos mean time in the model
 * @param outputNanos mean time scattering outputs
 * @param serverNanos mean total time in the server
 * @param networkNanos the client's mean service time of the same requests less {@code serverNanos},
 *     at least 0: network, both RPC stacks, parsing
 * @param meanBatchRows rows a batch
 * @param batches executions and their mean time by batch size, rising
 */
public record StageBreakdown(
    double seconds,
    long requests,
    double queueNanos,
    double inputNanos,
    double inferNanos,
    double outputNanos,
    double serverNanos,
    double networkNanos,
    double meanBatchRows,
    List<Batch> batches) {

  /**
   * Batches of one size.
   *
   * @param rows the size
   * @param executions how many were run
   * @param serviceNanos s(n): mean time of one, input and output included
   */
  public record Batch(long rows, long executions, double serviceNanos) {}

  public StageBreakdown {
    batches = List.copyOf(batches);
  }

  static StageBreakdown of(StatisticsSnapshot delta, double seconds, double clientServiceNanos) {
    List<Batch> batches = new ArrayList<>();
    delta
        .batches()
        .forEach((rows, total) -> batches.add(new Batch(rows, total.count(), total.meanNanos())));
    double server = delta.success().meanNanos();
    double network = Double.isNaN(clientServiceNanos) ? 0 : clientServiceNanos - server;
    return new StageBreakdown(
        seconds,
        delta.success().count(),
        delta.queue().meanNanos(),
        delta.input().meanNanos(),
        delta.infer().meanNanos(),
        delta.output().meanNanos(),
        server,
        Math.max(0, network),
        delta.executions() == 0 ? 0 : (double) delta.rows() / delta.executions(),
        batches);
  }

  /** The time of one batch of mean size, the executions' own mean; 0 where there were none. */
  public double meanServiceNanos() {
    Total sum = Total.NONE;
    for (Batch batch : batches) {
      long nanos = Math.round(batch.serviceNanos() * batch.executions());
      sum = sum.plus(new Total(batch.executions(), nanos));
    }
    return sum.meanNanos();
  }

  /** Time that all instances together spent on batches. */
  public double busyNanos() {
    double sum = 0;
    for (Batch batch : batches) {
      sum += batch.serviceNanos() * batch.executions();
    }
    return sum;
  }
}
