package dev.nereid.server.endpoint.grpc;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/**
 * A method by generated code, made fit for the network: a request that is no message, or too large
 * for one that carries no tensors, is answered with a status. Thrown out of a parser, it would end
 * its call as an error of the application without a reason.
 */
final class GuardedMethod {

  /** Of a request: names, versions and settings. */
  static final int MAX_REQUEST_BYTES = 4 << 20;

  private GuardedMethod() {}

  static <Q, P> ServerMethodDefinition<?, P> of(ServerMethodDefinition<Q, P> method) {
    MethodDescriptor<Q, P> generated = method.getMethodDescriptor();
    MethodDescriptor<Received<Q>, P> guarded =
        generated.toBuilder(
                new ReceivedMarshaller<>(generated.getRequestMarshaller()),
                generated.getResponseMarshaller())
            .build();
    ServerCallHandler<Q, P> handler = method.getServerCallHandler();
    return ServerMethodDefinition.create(
        guarded,
        (call, headers) -> new Guard<>(call, handler.startCall(asGenerated(call), headers)));
  }

  /** A call has no use for the class of its requests: they come through its listener. */
  @SuppressWarnings("unchecked")
  private static <Q, P> ServerCall<Q, P> asGenerated(ServerCall<Received<Q>, P> call) {
    return (ServerCall<Q, P>) (ServerCall<?, P>) call;
  }

  /** What came: a message, or why it is none. */
  private record Received<Q>(@Nullable Q message, Status status) {}

  /** Does not throw. */
  private record ReceivedMarshaller<Q>(Marshaller<Q> messages) implements Marshaller<Received<Q>> {

    @Override
    public Received<Q> parse(InputStream stream) {
      byte[] bytes;
      try {
        bytes = stream.readNBytes(MAX_REQUEST_BYTES + 1);
      } catch (IOException e) {
        return refused(Status.INTERNAL, InferCallMarshaller.UNPARSABLE + ": " + e.getMessage());
      } catch (StatusRuntimeException e) {
        // The transport's word for a message that inflates beyond its bound.
        return new Received<>(null, e.getStatus());
      }
      if (bytes.length > MAX_REQUEST_BYTES) {
        return refused(
            Status.RESOURCE_EXHAUSTED,
            "bytes of a request: more than "
                + MAX_REQUEST_BYTES
                + " (expected: at most "
                + MAX_REQUEST_BYTES
                + ")");
      }
      try {
        return new Received<>(messages.parse(new ByteArrayInputStream(bytes)), Status.OK);
      } catch (StatusRuntimeException e) {
        return refused(Status.INTERNAL, InferCallMarshaller.UNPARSABLE);
      }
    }

    private static <Q> Received<Q> refused(Status status, String text) {
      return new Received<>(null, status.withDescription(text));
    }

    /** Never asked: a server sends no requests. */
    @Override
    public InputStream stream(Received<Q> value) {
      throw new UnsupportedOperationException("a server sends no requests");
    }
  }

  /** Lets messages through, and hears of nothing but the call's end after it refused one. */
  private static final class Guard<Q> extends ServerCall.Listener<Received<Q>> {

    private final ServerCall<Received<Q>, ?> call;
    private final ServerCall.Listener<Q> handler;
    private boolean refused;

    Guard(ServerCall<Received<Q>, ?> call, ServerCall.Listener<Q> handler) {
      this.call = call;
      this.handler = handler;
    }

    @Override
    public void onMessage(Received<Q> received) {
      Q message = received.message();
      if (message != null) {
        handler.onMessage(message);
      } else {
        refused = true;
        call.close(received.status(), new Metadata());
      }
    }

    @Override
    public void onHalfClose() {
      if (!refused) {
        handler.onHalfClose();
      }
    }

    @Override
    public void onReady() {
      if (!refused) {
        handler.onReady();
      }
    }

    @Override
    public void onCancel() {
      handler.onCancel();
    }

    @Override
    public void onComplete() {
      handler.onComplete();
    }
  }
}
