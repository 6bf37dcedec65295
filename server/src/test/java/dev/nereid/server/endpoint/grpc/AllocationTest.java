package dev.nereid.server.endpoint.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.nereid.protocol.GRPCInferenceServiceGrpc;
import dev.nereid.protocol.ModelInferRequest;
import dev.nereid.server.repository.ModelFolders;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.ResourceLeakDetector;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How much garbage a request leaves, as the JVM's own counters of each thread say. */
@SuppressWarnings("NullAway.Init") // JUnit fills it before the test.
class AllocationTest {

  private static final int WARM_UP_REQUESTS = 300;
  private static final int REQUESTS = 300;
  private static final int IMAGE_BYTES = 224 * 224 * 3 * 4;

  @TempDir Path models;

  @Test
  void anImageThereAndBackLeavesAtMost64KilobytesOfHeap() throws Exception {
    assertThat(bytesPerRequest(IMAGE_BYTES)).isLessThanOrEqualTo(64 << 10);
  }

  @Test
  void aSmallRequestLeavesAtMost16KilobytesOfHeap() throws Exception {
    assertThat(bytesPerRequest(64)).isLessThanOrEqualTo(16 << 10);
  }

  private long bytesPerRequest(int tensorBytes) throws Exception {
    // A leak detector that writes down every touch of a buffer would be all that is measured.
    ResourceLeakDetector.Level level = ResourceLeakDetector.getLevel();
    ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
    new ModelFolders(models)
        .config("identity", TestEndpoint.identity("TYPE_FP32", 64, "dynamic_batching { }"), "1");
    EventLoopGroup client =
        new MultiThreadIoEventLoopGroup(
            1, (ThreadFactory) task -> new Thread(task, "client-io"), NioIoHandler.newFactory());
    try (TestEndpoint server = TestEndpoint.serve(models)) {
      ManagedChannel channel =
          NettyChannelBuilder.forAddress("127.0.0.1", server.port())
              .usePlaintext()
              .directExecutor()
              .eventLoopGroup(client)
              .channelType(NioSocketChannel.class)
              .flowControlWindow(16 << 20)
              .build();
      ModelInferRequest request =
          Requests.one("identity", "FP32", ByteBuffer.allocate(tensorBytes), 1, tensorBytes / 4);
      send(channel, request, WARM_UP_REQUESTS);
      Map<Long, Long> before = allocatedByServerThreads();
      send(channel, request, REQUESTS);
      long bytes =
          allocatedByServerThreads().entrySet().stream()
              .mapToLong(after -> after.getValue() - before.getOrDefault(after.getKey(), 0L))
              .sum();
      channel.shutdownNow();
      assertThat(channel.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
      System.out.println("heap bytes per request of " + tensorBytes + ": " + bytes / REQUESTS);
      return bytes / REQUESTS;
    } finally {
      client.shutdownGracefully(0, 30, TimeUnit.SECONDS).await();
      ResourceLeakDetector.setLevel(level);
    }
  }

  private static void send(ManagedChannel channel, ModelInferRequest request, int count)
      throws Exception {
    for (int i = 0; i < count; i++) {
      GRPCInferenceServiceGrpc.newFutureStub(channel).modelInfer(request).get(30, TimeUnit.SECONDS);
    }
  }

  /** By thread: all but the client's and the test's own. */
  private static Map<Long, Long> allocatedByServerThreads() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Map<Long, Long> allocated = new HashMap<>();
    for (ThreadInfo thread : threads.getThreadInfo(threads.getAllThreadIds())) {
      if (thread != null
          && thread.getThreadId() != Thread.currentThread().getId()
          && !thread.getThreadName().equals("client-io")) {
        allocated.put(thread.getThreadId(), threads.getThreadAllocatedBytes(thread.getThreadId()));
      }
    }
    return allocated;
  }
}
