package dev.nereid.server.endpoint.grpc;

import java.io.IOException;

/** Bytes that are no protobuf message. */
final class MalformedMessageException extends IOException {

  private static final long serialVersionUID = 1L;

  MalformedMessageException(String message) {
    super(message);
  }
}
