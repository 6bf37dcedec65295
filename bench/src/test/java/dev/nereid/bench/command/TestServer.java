package dev.nereid.bench.command;

import dev.nereid.protocol.GRPCInferenceServiceGrpc.GRPCInferenceServiceImplBase;
import dev.nereid.protocol.InferBatchStatistics;
import dev.nereid.protocol.InferStatistics;
import dev.nereid.protocol.ModelConfig;
import dev.nereid.protocol.ModelConfigRequest;
import dev.nereid.protocol.ModelConfigResponse;
import dev.nereid.protocol.ModelInferRequest;
import dev.nereid.protocol.ModelInferResponse;
import dev.nereid.protocol.ModelMetadataRequest;
import dev.nereid.protocol.ModelMetadataResponse;
import dev.nereid.protocol.ModelStatistics;
import dev.nereid.protocol.ModelStatisticsRequest;
import dev.nereid.protocol.ModelStatisticsResponse;
import dev.nereid.protocol.ServerMetadataRequest;
import dev.nereid.protocol.ServerMetadataResponse;
import dev.nereid.protocol.StatisticDuration;
import dev.nereid.protocol.SystemSharedMemoryRegisterRequest;
import dev.nereid.protocol.SystemSharedMemoryRegisterResponse;
import dev.nereid.protocol.SystemSharedMemoryUnregisterRequest;
import dev.nereid.protocol.SystemSharedMemoryUnregisterResponse;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A real gRPC server on this machine with one model, {@code image} [-1,4,4,3], as slow as wanted.
 */
final class TestServer extends GRPCInferenceServiceImplBase {
  static final long SERVICE_NANOS = 250_000;

  final Queue<ModelInferRequest> requests = new ConcurrentLinkedQueue<>();
  private final AtomicLong answered = new AtomicLong();
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final Server server;
  private volatile long delayMillis;
  private volatile Status statistics = Status.OK;
  private volatile Status failure = Status.OK;
  private volatile Status sharing = Status.OK;
  private volatile String inputType = "FP32";

  /** What each region held when it was registered. */
  final Map<String, ByteBuffer> regions = new ConcurrentHashMap<>();

  final Queue<String> unregistered = new ConcurrentLinkedQueue<>();

  TestServer() throws IOException {
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .directExecutor()
            .addService(this)
            .build()
            .start();
  }

  String url() {
    return "127.0.0.1:" + server.getPort();
  }

  void delay(long millis) {
    delayMillis = millis;
  }

  /** Answers ModelStatistics with that from now on. */
  void withoutStatistics(Status status) {
    statistics = status;
  }

  /** Answers the registration of shared memory with that. */
  void withoutSharedMemory(Status status) {
    sharing = status;
  }

  /** The model's input is of another type. */
  void inputOf(String datatype) {
    inputType = datatype;
  }

  void fail(Status status) {
    failure = status;
  }

  @Override
  public void serverMetadata(
      ServerMetadataRequest request, StreamObserver<ServerMetadataResponse> observer) {
    answer(
        observer,
        ServerMetadataResponse.newBuilder()
            .setName("triton")
            .setVersion("2.51.0")
            .addAllExtensions(List.of("statistics", "model_configuration"))
            .build());
  }

  @Override
  public void modelMetadata(
      ModelMetadataRequest request, StreamObserver<ModelMetadataResponse> observer) {
    if (!request.getName().equals("image")) {
      observer.onError(
          Status.NOT_FOUND
              .withDescription(
                  "Request for unknown model: '" + request.getName() + "' is not found")
              .asRuntimeException());
      return;
    }
    answer(
        observer,
        ModelMetadataResponse.newBuilder()
            .setName("image")
            .addVersions("1")
            .setPlatform("test")
            .addInputs(
                ModelMetadataResponse.TensorMetadata.newBuilder()
                    .setName("input")
                    .setDatatype(inputType)
                    .addAllShape(List.of(-1L, 4L, 4L, 3L)))
            .addOutputs(
                ModelMetadataResponse.TensorMetadata.newBuilder()
                    .setName("scores")
                    .setDatatype("FP32")
                    .addAllShape(List.of(-1L, 10L)))
            .addOutputs(
                ModelMetadataResponse.TensorMetadata.newBuilder()
                    .setName("labels")
                    .setDatatype("BYTES")
                    .addAllShape(List.of(-1L, -1L)))
            .build());
  }

  @Override
  public void modelConfig(
      ModelConfigRequest request, StreamObserver<ModelConfigResponse> observer) {
    answer(
        observer,
        ModelConfigResponse.newBuilder()
            .setConfig(ModelConfig.newBuilder().setName("image").setMaxBatchSize(8))
            .build());
  }

  @Override
  public void modelInfer(ModelInferRequest request, StreamObserver<ModelInferResponse> observer) {
    if (requests.size() < 100) {
      requests.add(request);
    }
    if (!failure.isOk()) {
      observer.onError(failure.asRuntimeException());
      return;
    }
    Runnable finish =
        () -> {
          answered.incrementAndGet();
          answer(observer, ModelInferResponse.newBuilder().setModelName("image").build());
        };
    if (delayMillis == 0) {
      finish.run();
    } else {
      var unused = timer.schedule(finish, delayMillis, TimeUnit.MILLISECONDS);
    }
  }

  @Override
  public void modelStatistics(
      ModelStatisticsRequest request, StreamObserver<ModelStatisticsResponse> observer) {
    if (!statistics.isOk()) {
      observer.onError(statistics.asRuntimeException());
      return;
    }
    long n = answered.get();
    StatisticDuration each =
        StatisticDuration.newBuilder().setCount(n).setNs(n * SERVICE_NANOS).build();
    answer(
        observer,
        ModelStatisticsResponse.newBuilder()
            .addModelStats(
                ModelStatistics.newBuilder()
                    .setName("image")
                    .setVersion("1")
                    .setInferenceCount(n)
                    .setExecutionCount(n)
                    .setInferenceStats(
                        InferStatistics.newBuilder().setSuccess(each).setComputeInfer(each))
                    .addBatchStats(
                        InferBatchStatistics.newBuilder().setBatchSize(1).setComputeInfer(each)))
            .build());
  }

  @Override
  public void systemSharedMemoryRegister(
      SystemSharedMemoryRegisterRequest request,
      StreamObserver<SystemSharedMemoryRegisterResponse> observer) {
    if (!sharing.isOk()) {
      observer.onError(sharing.asRuntimeException());
      return;
    }
    try (FileChannel object = FileChannel.open(Path.of("/dev/shm" + request.getKey()))) {
      ByteBuffer bytes = ByteBuffer.allocate((int) request.getByteSize());
      while (bytes.hasRemaining() && object.read(bytes) >= 0) {}
      regions.put(request.getName(), bytes.flip());
    } catch (IOException e) {
      observer.onError(Status.INTERNAL.withDescription(e.toString()).asRuntimeException());
      return;
    }
    answer(observer, SystemSharedMemoryRegisterResponse.getDefaultInstance());
  }

  @Override
  public void systemSharedMemoryUnregister(
      SystemSharedMemoryUnregisterRequest request,
      StreamObserver<SystemSharedMemoryUnregisterResponse> observer) {
    unregistered.add(request.getName());
    answer(observer, SystemSharedMemoryUnregisterResponse.getDefaultInstance());
  }

  private static <T> void answer(StreamObserver<T> observer, T message) {
    observer.onNext(message);
    observer.onCompleted();
  }

  void stop() throws InterruptedException {
    server.shutdownNow();
    server.awaitTermination();
    timer.shutdownNow();
  }
}
