package dev.nereid.server.endpoint.grpc;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;

/** RPCs of the protocol that this server does not have: UNIMPLEMENTED, and which. */
final class AbsentMethods {

  private AbsentMethods() {}

  /** The method, answering every call with that. */
  static <Q, P> ServerMethodDefinition<Q, P> of(MethodDescriptor<Q, P> method) {
    Status status =
        Status.UNIMPLEMENTED.withDescription(
            method.getBareMethodName() + ": an RPC that this version of Nereid does not have");
    return ServerMethodDefinition.create(
        method,
        (call, headers) -> {
          call.close(status, new Metadata());
          return new ServerCall.Listener<>() {};
        });
  }
}
