package dev.nereid.server.endpoint.grpc;

import dev.nereid.server.inference.InferenceRequest;
import dev.nereid.server.memory.SharedRegions;
import dev.nereid.server.memory.TensorMemory;
import dev.nereid.server.repository.ModelLookup;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import java.util.concurrent.TimeUnit;

/** Begins every ModelInfer call, on its connection's event loop. Thread-safe. */
final class InferHandler implements ServerCallHandler<InferCall, InferAnswer> {

  private final ModelLookup models;
  private final TensorMemory memory;
  private final SharedRegions regions;
  private final UnsentAnswers unsent;
  private final Draining draining;
  private final EventLoops loops;
  private final ResponseCompression compression;

  InferHandler(
      ModelLookup models,
      TensorMemory memory,
      SharedRegions regions,
      UnsentAnswers unsent,
      Draining draining,
      EventLoops loops,
      ResponseCompression compression) {
    this.models = models;
    this.memory = memory;
    this.regions = regions;
    this.unsent = unsent;
    this.draining = draining;
    this.loops = loops;
    this.compression = compression;
  }

  @Override
  public ServerCall.Listener<InferCall> startCall(
      ServerCall<InferCall, InferAnswer> call, Metadata headers) {
    InferExchange exchange =
        new InferExchange(
            call, models, memory, regions, unsent, draining, loops.current(), deadlineNanos());
    compression.apply(call);
    // One more than a unary call may send, to see that it does not.
    call.request(2);
    return exchange;
  }

  private static long deadlineNanos() {
    Deadline deadline = Context.current().getDeadline();
    if (deadline == null) {
      return InferenceRequest.NO_DEADLINE;
    }
    return System.nanoTime() + deadline.timeRemaining(TimeUnit.NANOSECONDS);
  }
}
