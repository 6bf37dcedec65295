package dev.nereid.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.nereid.tensor.DataType;
import io.grpc.stub.StreamObserver;
import io.netty.util.ResourceLeakDetector;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a call of an image of 602,112 bytes leaves on the heap, by the JVM's own counters. */
class AllocationTest {

  private static final int TENSOR_BYTES = 224 * 224 * 3 * Float.BYTES;
  private static final int WARMUP_CALLS = 200;
  private static final int CALLS = 400;
  private static final Duration DEADLINE = Duration.ofSeconds(60);

  /** A 20th of the tensor. Most of what is used is HTTP/2's: 37 frames a request. */
  private static final long LIMIT_BYTES = TENSOR_BYTES / 20;

  private static final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static ResourceLeakDetector.Level level = ResourceLeakDetector.getLevel();

  /** A leak detector's records are far larger than what is measured here. */
  @BeforeAll
  static void countAllocationsWithoutLeakDetection() {
    threads.setThreadAllocatedMemoryEnabled(true);
    level = ResourceLeakDetector.getLevel();
    ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
  }

  @AfterAll
  static void detectLeaksAgain() {
    ResourceLeakDetector.setLevel(level);
  }

  @Test
  void sendingAPreparedRequestAllocatesNoTensor() throws Exception {
    try (TestServer server = TestServer.ofBytes(AllocationTest::answerNothing);
        NereidClient client =
            NereidClient.connect(ClientOptions.of(server.target()).withEventLoopThreads(1))) {
      PreparedRequest prepared = client.prepare(request());

      long bytes =
          bytesPerCall(callback -> client.send(prepared, DEADLINE, ResponseData.KEEP, callback));

      assertThat(bytes).isLessThan(LIMIT_BYTES);
    }
  }

  @Test
  void sendingFromADirectBufferAllocatesNoTensor() throws Exception {
    InferRequest request = request();
    try (TestServer server = TestServer.ofBytes(AllocationTest::answerNothing);
        NereidClient client =
            NereidClient.connect(ClientOptions.of(server.target()).withEventLoopThreads(1))) {

      long bytes =
          bytesPerCall(
              callback -> {
                var unused =
                    client
                        .infer(request)
                        .whenComplete(
                            (result, failure) -> {
                              if (failure instanceof InferenceFailure inferenceFailure) {
                                callback.onFailure(inferenceFailure);
                              } else {
                                callback.onResult(result);
                              }
                            });
              });

      assertThat(bytes).isLessThan(LIMIT_BYTES);
    }
  }

  @Test
  void skippingAnOutputAllocatesNoTensor() throws Exception {
    try (TestServer server = TestServer.of(new EchoService());
        NereidClient client =
            NereidClient.connect(ClientOptions.of(server.target()).withEventLoopThreads(1))) {
      PreparedRequest prepared = client.prepare(request());

      long bytes =
          bytesPerCall(callback -> client.send(prepared, DEADLINE, ResponseData.SKIP, callback));

      // Twice the frames: those of the answer too.
      assertThat(bytes).isLessThan(2 * LIMIT_BYTES);
    }
  }

  private interface Sender {
    void send(InferCallback callback);
  }

  /** On the sending thread and on the client's event loop, one call at a time. */
  private static long bytesPerCall(Sender sender) throws InterruptedException {
    Semaphore ended = new Semaphore(0);
    AtomicInteger failures = new AtomicInteger();
    InferCallback callback =
        new InferCallback() {
          @Override
          public void onResult(InferResult result) {
            ended.release();
          }

          @Override
          public void onFailure(InferenceFailure failure) {
            failures.incrementAndGet();
            ended.release();
          }
        };
    long before = 0;
    for (int i = 0; i < WARMUP_CALLS + CALLS; i++) {
      if (i == WARMUP_CALLS) {
        before = allocatedBytes();
      }
      sender.send(callback);
      assertThat(ended.tryAcquire(60, TimeUnit.SECONDS)).isTrue();
    }
    long bytes = (allocatedBytes() - before) / CALLS;
    assertThat(failures).hasValue(0);
    return bytes;
  }

  private static long allocatedBytes() {
    long total = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().startsWith("nereid-client")) {
        total += threads.getThreadAllocatedBytes(thread.getId());
      }
    }
    return total;
  }

  private static void answerNothing(byte[] request, StreamObserver<byte[]> observer) {
    observer.onNext(new byte[0]);
    observer.onCompleted();
  }

  private static InferRequest request() {
    return InferRequest.to("resnet")
        .input(
            new InferInput(
                "input",
                DataType.FP32,
                new long[] {1, 224, 224, 3},
                ByteBuffer.allocateDirect(TENSOR_BYTES)))
        .build();
  }
}
