package dev.nereid.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class InferCallTest {

  /** A transport that has no buffer left, as Netty says it. */
  private static final class FullTransport extends ClientCall<EncodedRequest, InferResponse> {
    private @Nullable Listener<InferResponse> listener;

    @Override
    public void start(Listener<InferResponse> responseListener, Metadata headers) {
      listener = responseListener;
    }

    @Override
    public void request(int messages) {}

    @Override
    public void sendMessage(EncodedRequest message) {
      throw new OutOfMemoryError("failed to allocate 2097152 byte(s) of direct memory");
    }

    @Override
    public void halfClose() {}

    @Override
    public void cancel(@Nullable String message, @Nullable Throwable cause) {
      Status status = Status.CANCELLED.withDescription(message).withCause(cause);
      if (listener != null) {
        listener.onClose(status, new Metadata());
      }
    }
  }

  @Test
  void aRequestThatFindsNoBufferFailsByItsCallbackAndNotByTheCallersThread() throws Exception {
    EndOfCall end = new EndOfCall();
    EncodedRequest request = EncodedRequest.of(InferRequest.to("model").build());

    new InferCall(new FullTransport(), end).start(request, new Metadata());

    assertThat(end.failure().code()).isEqualTo(Status.Code.CANCELLED);
    assertThat(end.failure().text())
        .isEqualTo(
            "the request could not be sent: failed to allocate 2097152 byte(s) of direct memory");
    assertThat(end.ends()).isEqualTo(1);
  }
}
