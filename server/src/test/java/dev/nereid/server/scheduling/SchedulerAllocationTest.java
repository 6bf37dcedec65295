package dev.nereid.server.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.nereid.backend.TensorSpec;
import dev.nereid.server.config.BatchingConfig;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.InferenceRequest;
import dev.nereid.server.inference.InferenceResponse;
import dev.nereid.server.inference.ResponseObserver;
import dev.nereid.server.inference.Tensor;
import dev.nereid.server.memory.ModelMemory;
import dev.nereid.server.memory.TensorMemory;
import dev.nereid.server.metrics.ModelStatistics;
import dev.nereid.tensor.DataType;
import io.netty.buffer.ByteBuf;
import io.netty.util.ResourceLeakDetector;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The heap that one request costs on its way through the queue, a batch, and out again. */
final class SchedulerAllocationTest {

  private static final int REQUESTS = 20_000;

  private final ResourceLeakDetector.Level level = ResourceLeakDetector.getLevel();
  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private final TensorMemory memory = new TensorMemory(64 << 20);

  /** Leak records would be most of what is counted. */
  @BeforeEach
  void withoutLeakRecords() {
    ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
  }

  @AfterEach
  void withLeakRecords() {
    ResourceLeakDetector.setLevel(level);
  }

  @Test
  void aRequestCostsLessThan2KiBOfHeapWhateverItsSize() throws InferenceException {
    try (ModelScheduler scheduler = identity()) {
      for (int bytes : new int[] {64, 602_112}) {
        run(scheduler, bytes);
        long before = threads.getCurrentThreadAllocatedBytes();
        run(scheduler, bytes);
        long perRequest = (threads.getCurrentThreadAllocatedBytes() - before) / REQUESTS;
        assertThat(perRequest).as("at %d bytes", bytes).isLessThan(2048);
      }
    }
    assertThat(memory.usedBytes()).isZero();
  }

  private ModelScheduler identity() {
    return new ModelScheduler(
        BatchingConfig.unbatched("m", 8),
        1,
        List.of(new ModelOutput(new TensorSpec("O", DataType.UINT8, -1, -1))),
        Puppet.instances(1, batch -> batch.outputFromInput("O", "I")),
        new ModelStatistics(),
        new ModelMemory(memory, memory),
        new ManualClock(),
        (name, reason, left) -> {});
  }

  private void run(ModelScheduler scheduler, int bytes) throws InferenceException {
    ResponseObserver client =
        new ResponseObserver() {
          @Override
          public void completed(InferenceResponse response) {
            response.release();
          }

          @Override
          public void failed(InferenceException reason) {
            throw new AssertionError(reason);
          }
        };
    InstanceWorker worker = scheduler.workers().get(0);
    for (int i = 0; i < REQUESTS; i++) {
      ByteBuf data = memory.allocate(bytes);
      data.writerIndex(bytes);
      scheduler.enqueue(
          new InferenceRequest(
              "",
              List.of(new Tensor("I", DataType.UINT8, new long[] {1, bytes}, data)),
              List.of(),
              1,
              0,
              0,
              InferenceRequest.NO_DEADLINE,
              0,
              Map.of(),
              Map.of(),
              client));
      RequestBatch batch = worker.pull();
      if (batch == null) {
        throw new AssertionError("no batch");
      }
      worker.execute(batch);
    }
  }
}
