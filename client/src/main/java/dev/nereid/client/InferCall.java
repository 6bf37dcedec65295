package dev.nereid.client;

import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One ModelInfer in flight. gRPC calls a listener's methods one after another. */
final class InferCall extends ClientCall.Listener<InferResponse> implements InFlight {

  private static final Logger logger = LoggerFactory.getLogger(InferCall.class);

  private final ClientCall<EncodedRequest, InferResponse> call;
  private final InferCallback callback;
  private @Nullable InferResponse response;
  private Set<String> outputsElsewhere = Set.of();

  InferCall(ClientCall<EncodedRequest, InferResponse> call, InferCallback callback) {
    this.call = call;
    this.callback = callback;
  }

  /** Once. The request is in the connection's buffers, or waits for a connection, on return. */
  void start(EncodedRequest request, Metadata headers) {
    outputsElsewhere = request.outputsElsewhere();
    call.start(this, headers);
    try {
      // One more than is due, so that a server that sends too many is found out.
      call.request(2);
      call.sendMessage(request);
      call.halfClose();
    } catch (RuntimeException | OutOfMemoryError e) {
      // The second is Netty's refusal of more buffers than it may have, and passes when others are
      // sent.
      // The call's end comes to onClose, as of every call that was started.
      call.cancel("the request could not be sent", e);
    }
  }

  @Override
  public void cancel() {
    call.cancel("cancelled by the client", null);
  }

  @Override
  public void onMessage(InferResponse message) {
    response =
        response == null
            ? message
            : new InferResponse.Malformed("response: more than one (expected: one)");
  }

  @Override
  public void onClose(Status status, Metadata trailers) {
    try {
      if (!status.isOk()) {
        callback.onFailure(InferenceFailure.of(status));
      } else if (response instanceof InferResponse.Valid valid) {
        onResult(valid);
      } else {
        String reason =
            response instanceof InferResponse.Malformed malformed
                ? malformed.reason()
                : "response: none (expected: one)";
        callback.onFailure(new InferenceFailure(Status.Code.INTERNAL, reason, null));
      }
    } catch (RuntimeException e) {
      logger.error("A callback failed; the call had ended", e);
    }
  }

  private void onResult(InferResponse.Valid valid) {
    for (Map.Entry<String, String> output : valid.empty().entrySet()) {
      if (!outputsElsewhere.contains(output.getKey())) {
        callback.onFailure(
            new InferenceFailure(Status.Code.INTERNAL, "response: " + output.getValue(), null));
        return;
      }
    }
    callback.onResult(valid.result());
  }
}
