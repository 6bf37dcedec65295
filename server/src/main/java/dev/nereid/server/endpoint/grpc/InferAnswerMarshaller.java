package dev.nereid.server.endpoint.grpc;

import io.grpc.MethodDescriptor.Marshaller;
import java.io.InputStream;

/** Shows an answer to the transport without building the message. Thread-safe. */
final class InferAnswerMarshaller implements Marshaller<InferAnswer> {

  @Override
  public InputStream stream(InferAnswer answer) {
    return new AnswerStream(answer.parts(), answer.size());
  }

  /** Never asked: a server receives no answers. */
  @Override
  public InferAnswer parse(InputStream stream) {
    throw new UnsupportedOperationException("a server receives no answers");
  }
}
