package dev.nereid.server.endpoint.grpc;

import dev.nereid.protocol.ModelInferRequest;
import dev.nereid.server.config.ModelInterface;
import dev.nereid.server.endpoint.CheckedInputs;
import dev.nereid.server.endpoint.Classification;
import dev.nereid.server.endpoint.ClientInput;
import dev.nereid.server.endpoint.ModelVersions;
import dev.nereid.server.endpoint.RequestCheck;
import dev.nereid.server.inference.DevicePart;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.InferenceRequest;
import dev.nereid.server.inference.InferenceResponse;
import dev.nereid.server.inference.ResponseObserver;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.inference.Tensor;
import dev.nereid.server.memory.RegionReads;
import dev.nereid.server.memory.SharedRegions;
import dev.nereid.server.memory.TensorMemory;
import dev.nereid.server.metrics.Refusal;
import dev.nereid.server.repository.ModelLookup;
import dev.nereid.server.repository.ModelVersion;
import dev.nereid.server.scheduling.Scheduler;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life of one ModelInfer call, from its first message to its answer.
 *
 * <ul>
 *   <li>Everything happens on the call's event loop, so nothing here is guarded: the scheduler's
 *       threads hand their result over and go on with the next batch, and the answer is encoded
 *       here. Only tensors that lie on a GPU, and are not used there, are carried by other threads,
 *       and while they are, this does nothing but note that the call has ended.
 *   <li>The request's memory belongs, in this order, to the parsed call, to the {@link
 *       InferenceRequest} once it is whole, to the scheduler once it took that.
 *   <li>The call is answered once, unless its client is gone.
 * </ul>
 */
final class InferExchange extends ServerCall.Listener<InferCall> implements ResponseObserver {

  private static final Logger LOG = LoggerFactory.getLogger(InferExchange.class);

  private final ServerCall<InferCall, InferAnswer> call;
  private final ModelLookup models;
  private final TensorMemory memory;
  private final SharedRegions regions;
  private final UnsentAnswers unsent;
  private final Draining draining;
  private final EventExecutor loop;
  private final long deadlineNanos;

  private @Nullable InferCall received;
  private boolean closed;
  private boolean filling;
  private int unsentBytes;
  private Scheduler.@Nullable Cancellation cancellation;

  private @Nullable ModelVersion version;
  private String id = "";
  private RequestParameters parameters = RequestParameters.NONE;
  private Map<String, Integer> classes = Map.of();
  private final RegionReads onDevices = new RegionReads();
  private final OutputRegions placed = new OutputRegions();

  InferExchange(
      ServerCall<InferCall, InferAnswer> call,
      ModelLookup models,
      TensorMemory memory,
      SharedRegions regions,
      UnsentAnswers unsent,
      Draining draining,
      EventExecutor loop,
      long deadlineNanos) {
    this.call = call;
    this.models = models;
    this.memory = memory;
    this.regions = regions;
    this.unsent = unsent;
    this.draining = draining;
    this.loop = loop;
    this.deadlineNanos = deadlineNanos;
  }

  @Override
  public void onMessage(InferCall message) {
    if (received != null || closed) {
      message.release();
      close(Status.INTERNAL.withDescription("Too many requests"));
      return;
    }
    received = message;
  }

  @Override
  public void onHalfClose() {
    InferCall message = received;
    if (message == null) {
      close(Status.INTERNAL.withDescription("Half-closed without a request"));
      return;
    }
    received = null;
    try {
      List<ClientInput> inputs = read(message);
      if (onDevices.isEmpty()) {
        infer(message, inputs);
      } else {
        regions.copier().execute(() -> bringToHost(message, inputs));
        return;
      }
    } catch (InferenceException e) {
      close(GrpcStatus.of(e));
    } catch (RuntimeException e) {
      closeUnexpected(e);
    }
    onDevices.release();
    message.release();
  }

  /** By a thread that may block. */
  private void bringToHost(InferCall message, List<ClientInput> inputs) {
    InferenceException failure = null;
    try {
      onDevices.run();
    } catch (InferenceException e) {
      failure = e;
    } catch (RuntimeException e) {
      LOG.error("An input of ModelInfer '{}' could not be brought from its GPU", id, e);
      failure = new InferenceException(StatusCode.INTERNAL, "unexpected: " + e);
    }
    onDevices.release();
    InferenceException reason = failure;
    try {
      loop.execute(() -> inferOnHost(message, inputs, reason));
    } catch (RejectedExecutionException e) {
      // The loops have ended, and every connection with them.
      message.release();
    }
  }

  private void inferOnHost(
      InferCall message, List<ClientInput> inputs, @Nullable InferenceException failure) {
    try {
      if (failure != null) {
        throw failure;
      }
      if (!closed) {
        infer(message, inputs);
      }
    } catch (InferenceException e) {
      close(GrpcStatus.of(e));
    } catch (RuntimeException e) {
      closeUnexpected(e);
    } finally {
      message.release();
    }
  }

  /** The client cancelled, its deadline passed, or its connection is gone. */
  @Override
  public void onCancel() {
    closed = true;
    end();
    Scheduler.Cancellation queued = cancellation;
    if (queued != null) {
      queued.cancel();
    }
  }

  @Override
  public void onComplete() {
    end();
  }

  /** The transport has done with the call. */
  private void end() {
    releaseReceived();
    releasePlaced();
    unsent.remove(unsentBytes);
    unsentBytes = 0;
  }

  @Override
  public void completed(InferenceResponse response) {
    try {
      onLoop(() -> answer(response));
    } catch (RejectedExecutionException e) {
      // The loops have ended, and every connection with them.
      response.release();
    }
  }

  @Override
  public void failed(InferenceException reason) {
    try {
      onLoop(() -> close(GrpcStatus.of(reason)));
    } catch (RejectedExecutionException e) {
      LOG.debug("not told to a client whose connection has ended: {}", reason.text());
    }
  }

  /** Finds the model, and the request's inputs; they are the message's still. */
  private List<ClientInput> read(InferCall message) throws InferenceException {
    InferenceException refusal = message.refusal();
    if (refusal != null) {
      throw refusal;
    }
    if (draining.isStarted()) {
      throw new InferenceException(
          StatusCode.UNAVAILABLE,
          "GRPC server is shutting down and has stopped accepting new requests.");
    }
    ModelInferRequest header = message.header();
    ModelVersion model =
        models.resolve(header.getModelName(), ModelVersions.parse(header.getModelVersion()));
    version = model;
    id = header.getId();
    try {
      return inputs(message, model);
    } catch (InferenceException e) {
      countRefusal(model, e);
      throw e;
    }
  }

  private void infer(InferCall message, List<ClientInput> inputs) throws InferenceException {
    ModelVersion model = Objects.requireNonNull(version, "found by read");
    InferenceRequest request;
    try {
      request = check(message, inputs, model);
    } catch (InferenceException e) {
      countRefusal(model, e);
      throw e;
    }
    try {
      cancellation = model.scheduler().enqueue(request);
    } catch (InferenceException | RuntimeException e) {
      request.release();
      throw e;
    }
  }

  private static void countRefusal(ModelVersion model, InferenceException e) {
    model
        .statistics()
        .recordRefusal(
            e.code() == StatusCode.RESOURCE_EXHAUSTED ? Refusal.OUT_OF_MEMORY : Refusal.INVALID);
  }

  private List<ClientInput> inputs(InferCall message, ModelVersion model)
      throws InferenceException {
    ModelInferRequest header = message.header();
    if (model.signature().isDecoupled()) {
      throw new InferenceException(
          StatusCode.UNIMPLEMENTED,
          "ModelInfer RPC doesn't support models with decoupled transaction policy");
    }
    parameters = RequestParameters.read(header.getParametersMap());
    RequestCheck.rejectDuplicates(id, "input", RequestInputs.names(header.getInputsList()));
    RequestCheck.rejectDuplicates(id, "output", RequestedOutputs.names(header.getOutputsList()));
    List<ClientInput> inputs =
        RequestInputs.read(message, model.memory(), regions, onDevices, model.devices());
    classes = RequestedOutputs.classes(header.getOutputsList(), regions, placed);
    return inputs;
  }

  private InferenceRequest check(InferCall message, List<ClientInput> inputs, ModelVersion model)
      throws InferenceException {
    List<String> outputs = RequestedOutputs.names(message.header().getOutputsList());
    CheckedInputs checked = RequestCheck.check(model.signature(), id, inputs, outputs);
    Map<String, DevicePart> places = placed.onDevices(model.devices());
    message.handOver(inputs.size());
    return new InferenceRequest(
        id,
        checked.tensors(),
        outputs,
        checked.rows(),
        parameters.priority(),
        parameters.timeoutMicros(),
        deadlineNanos,
        message.receivedNanos(),
        parameters.custom(),
        places,
        this);
  }

  private void answer(InferenceResponse response) {
    if (closed) {
      response.release();
      return;
    }
    List<Tensor> outputs = new ArrayList<>(response.outputs());
    if (!placed.areOnDevices(outputs)) {
      answer(outputs, placed::fill);
      return;
    }
    filling = true;
    try {
      regions.copier().execute(() -> bringToDevices(outputs));
    } catch (RejectedExecutionException e) {
      filling = false;
      outputs.forEach(output -> output.data().release());
      closeUnexpected(e);
    }
  }

  /** By a thread that may block. */
  private void bringToDevices(List<Tensor> outputs) {
    Filling outcome;
    try {
      placed.fill(outputs);
      outcome = filled -> {};
    } catch (InferenceException e) {
      outcome =
          filled -> {
            throw e;
          };
    } catch (RuntimeException e) {
      outcome =
          filled -> {
            throw e;
          };
    }
    Filling done = outcome;
    try {
      loop.execute(
          () -> {
            filling = false;
            answer(outputs, done);
          });
    } catch (RejectedExecutionException e) {
      placed.release();
      outputs.forEach(output -> output.data().release());
    }
  }

  /** Writes outputs to where they are wanted, or says why that failed. */
  private interface Filling {
    void fill(List<Tensor> outputs) throws InferenceException;
  }

  private void answer(List<Tensor> outputs, Filling filling) {
    if (closed) {
      placed.release();
      outputs.forEach(output -> output.data().release());
      return;
    }
    ModelVersion model = Objects.requireNonNull(version, "found by read");
    InferAnswer answer;
    try {
      if (!classes.isEmpty()) {
        classify(model.signature(), outputs);
      }
      filling.fill(outputs);
      answer = InferAnswer.of(model.name(), model.version(), id, outputs);
    } catch (InferenceException e) {
      outputs.forEach(output -> output.data().release());
      close(GrpcStatus.of(e));
      return;
    } catch (RuntimeException e) {
      outputs.forEach(output -> output.data().release());
      closeUnexpected(e);
      return;
    }
    try {
      unsent.add(answer.size());
      unsentBytes = answer.size();
      call.sendHeaders(new Metadata());
      // The transport has copied it when this returns.
      call.sendMessage(answer);
      close(Status.OK);
    } catch (InferenceException e) {
      close(GrpcStatus.of(e));
    } catch (RuntimeException e) {
      closeUnexpected(e);
    } finally {
      answer.release();
    }
  }

  /** Replaces each output that is wanted as classes; the list's owner owns what is in it. */
  private void classify(ModelInterface model, List<Tensor> outputs) throws InferenceException {
    for (int i = 0; i < outputs.size(); i++) {
      Tensor output = outputs.get(i);
      Integer count = classes.get(output.name());
      ModelInterface.Output known = model.output(output.name());
      if (count != null && known != null) {
        outputs.set(
            i, Classification.classify(output, count, known.labels(), model.isBatching(), memory));
        output.data().release();
      }
    }
  }

  private void closeUnexpected(RuntimeException e) {
    LOG.error("ModelInfer '{}' failed in a way that was not foreseen", id, e);
    close(Status.INTERNAL.withDescription("unexpected: " + e));
  }

  private void close(Status status) {
    if (!closed) {
      closed = true;
      releaseReceived();
      releasePlaced();
      call.close(status, new Metadata());
    }
  }

  private void releasePlaced() {
    if (!filling) {
      placed.release();
    }
  }

  private void releaseReceived() {
    InferCall message = received;
    received = null;
    if (message != null) {
      message.release();
    }
  }

  private void onLoop(Runnable task) {
    if (loop.inEventLoop()) {
      task.run();
    } else {
      loop.execute(task);
    }
  }
}
