package dev.nereid.server.metrics;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.timeout.IdleStateEvent;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers as Triton's metrics port does: {@code GET /metrics} with the page, any other path with
 * 200 and nothing, any other method with 405. One per connection.
 */
final class MetricsHandler extends SimpleChannelInboundHandler<HttpObject> {

  private static final Logger log = LoggerFactory.getLogger(MetricsHandler.class);

  private final Supplier<String> page;

  MetricsHandler(Supplier<String> page) {
    this.page = page;
  }

  @Override
  protected void channelRead0(ChannelHandlerContext context, HttpObject message) {
    // A body may follow; nobody reads it.
    if (!(message instanceof HttpRequest request)) {
      return;
    }
    if (!context.channel().isWritable()) {
      // Asks again and again without reading: pages would pile up without a bound.
      context.close().addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
    } else if (request.decoderResult().isFailure()) {
      answer(context, request, HttpResponseStatus.BAD_REQUEST, "malformed HTTP request", false);
    } else if (!request.method().equals(HttpMethod.GET)) {
      answer(
          context,
          request,
          HttpResponseStatus.METHOD_NOT_ALLOWED,
          "{\"error\":\"Method Not Allowed\"}",
          HttpUtil.isKeepAlive(request));
    } else {
      String body = isMetrics(request.uri()) ? page.get() : "";
      answer(context, request, HttpResponseStatus.OK, body, HttpUtil.isKeepAlive(request));
    }
  }

  private static boolean isMetrics(String uri) {
    int query = uri.indexOf('?');
    String path = query < 0 ? uri : uri.substring(0, query);
    return path.equals("/metrics") || path.equals("/metrics/");
  }

  private static void answer(
      ChannelHandlerContext context,
      HttpRequest request,
      HttpResponseStatus status,
      String body,
      boolean keepAlive) {
    boolean headOnly = request.method().equals(HttpMethod.HEAD);
    ByteBuf content =
        headOnly ? Unpooled.EMPTY_BUFFER : ByteBufUtil.writeUtf8(context.alloc(), body);
    var response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, content);
    response
        .headers()
        .set(
            HttpHeaderNames.CONTENT_TYPE,
            body.startsWith("{") ? "application/json" : TritonTextWriter.CONTENT_TYPE)
        .set(HttpHeaderNames.CONTENT_LENGTH, ByteBufUtil.utf8Bytes(body));
    HttpUtil.setKeepAlive(response, keepAlive);
    var written = context.writeAndFlush(response);
    if (!keepAlive) {
      written.addListener(ChannelFutureListener.CLOSE);
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof IdleStateEvent) {
      context.close().addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    log.warn("A metrics connection failed: {}", cause.toString());
    context.close().addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
  }
}
