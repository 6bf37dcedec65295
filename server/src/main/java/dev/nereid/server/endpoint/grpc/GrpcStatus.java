package dev.nereid.server.endpoint.grpc;

import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import io.grpc.Status;

/** The server's codes as gRPC's. */
final class GrpcStatus {

  private GrpcStatus() {}

  /** Code and text of a reason. */
  static Status of(InferenceException reason) {
    return of(reason.code()).withDescription(reason.text());
  }

  static Status of(StatusCode code) {
    return switch (code) {
      case UNKNOWN -> Status.UNKNOWN;
      case INTERNAL -> Status.INTERNAL;
      case NOT_FOUND -> Status.NOT_FOUND;
      case INVALID_ARGUMENT -> Status.INVALID_ARGUMENT;
      case UNAVAILABLE -> Status.UNAVAILABLE;
      case UNIMPLEMENTED -> Status.UNIMPLEMENTED;
      case ALREADY_EXISTS -> Status.ALREADY_EXISTS;
      case CANCELLED -> Status.CANCELLED;
      case DEADLINE_EXCEEDED -> Status.DEADLINE_EXCEEDED;
      case RESOURCE_EXHAUSTED -> Status.RESOURCE_EXHAUSTED;
    };
  }
}
