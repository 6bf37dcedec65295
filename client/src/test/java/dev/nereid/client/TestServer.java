package dev.nereid.client;

import io.grpc.Attributes;
import io.grpc.BindableService;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServerTransportFilter;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.netty.handler.ssl.SslContext;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;

/** A gRPC server on a free port of 127.0.0.1 that counts who called. */
final class TestServer implements AutoCloseable {

  private final Server server;
  private final Map<SocketAddress, AtomicInteger> callsByPeer = new ConcurrentHashMap<>();
  private final Semaphore connections = new Semaphore(0);
  private final Queue<Metadata> headers = new ConcurrentLinkedQueue<>();

  private TestServer(NettyServerBuilder builder) {
    try {
      server =
          builder
              .maxInboundMessageSize(Integer.MAX_VALUE)
              .addTransportFilter(new ConnectionCounter())
              .intercept(new CallCounter())
              .directExecutor()
              .build()
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static TestServer of(BindableService service) {
    return new TestServer(builder().addService(service));
  }

  static TestServer overTls(SslContext sslContext, BindableService service) {
    return new TestServer(builder().addService(service).sslContext(sslContext));
  }

  /** Answers ModelInfer as bytes, whatever they say. */
  static TestServer ofBytes(BiConsumer<byte[], StreamObserver<byte[]>> modelInfer) {
    MethodDescriptor<byte[], byte[]> method =
        MethodDescriptor.newBuilder(new Bytes(), new Bytes())
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName("inference.GRPCInferenceService/ModelInfer")
            .build();
    return new TestServer(
        builder()
            .addService(
                ServerServiceDefinition.builder("inference.GRPCInferenceService")
                    .addMethod(method, ServerCalls.asyncUnaryCall(modelInfer::accept))
                    .build()));
  }

  int port() {
    return server.getPort();
  }

  String target() {
    return "127.0.0.1:" + port();
  }

  /** Connections that ModelInfer calls came from. */
  int peers() {
    return callsByPeer.size();
  }

  /** Waits until so many more connections were made. */
  boolean awaitConnections(int count) throws InterruptedException {
    return connections.tryAcquire(count, 30, TimeUnit.SECONDS);
  }

  int calls() {
    return callsByPeer.values().stream().mapToInt(AtomicInteger::get).sum();
  }

  Queue<Metadata> headers() {
    return headers;
  }

  @Override
  public void close() {
    server.shutdownNow();
    try {
      if (!server.awaitTermination(10, TimeUnit.SECONDS)) {
        throw new IllegalStateException("the test's server does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static NettyServerBuilder builder() {
    return NettyServerBuilder.forAddress(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  private final class ConnectionCounter extends ServerTransportFilter {
    @Override
    public Attributes transportReady(Attributes attributes) {
      connections.release();
      return attributes;
    }
  }

  private final class CallCounter implements ServerInterceptor {
    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, R> call, Metadata metadata, ServerCallHandler<Q, R> next) {
      SocketAddress peer = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
      callsByPeer.computeIfAbsent(peer, key -> new AtomicInteger()).incrementAndGet();
      headers.add(metadata);
      return next.startCall(call, metadata);
    }
  }

  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
