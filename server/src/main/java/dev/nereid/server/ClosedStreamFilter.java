package dev.nereid.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;

/**
 * Drops gRPC's warnings, fifty lines each, of answers that were still to be written when their
 * client gave up: under overload every request is one.
 */
final class ClosedStreamFilter extends TurboFilter {

  @Override
  public FilterReply decide(
      @Nullable Marker marker,
      Logger logger,
      Level level,
      @Nullable String format,
      Object @Nullable [] params,
      @Nullable Throwable thrown) {
    return thrown instanceof Http2Exception failure
            && Http2Exception.isStreamError(failure)
            && failure.error() == Http2Error.STREAM_CLOSED
        ? FilterReply.DENY
        : FilterReply.NEUTRAL;
  }
}
