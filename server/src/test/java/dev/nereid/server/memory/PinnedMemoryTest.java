package dev.nereid.server.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PinnedMemoryTest {

  private static final int CHUNK = 4096;
  private static final int BUDGET = 3 * CHUNK + 100;

  private final Host host = new Host();
  private final TensorMemory ordinary = new TensorMemory(1 << 20);
  private final PinnedMemory memory = new PinnedMemory(ordinary, host, BUDGET, CHUNK);

  /** The host's memory, which it takes no GPU to count. */
  private static final class Host implements PageLocking {

    final List<Integer> allocated = Collections.synchronizedList(new ArrayList<>());
    volatile int devices;
    volatile boolean fails;

    @Override
    public boolean isAvailable() {
      return true;
    }

    @Override
    public Locked allocate(int device, int byteSize) throws DeviceMemoryException {
      devices |= 1 << device;
      if (fails) {
        throw new DeviceMemoryException("out of memory");
      }
      allocated.add(byteSize);
      ByteBuffer all = ByteBuffer.allocateDirect(byteSize + 63).alignedSlice(64);
      ByteBuffer bytes = all.slice(0, byteSize);
      return new Locked() {
        @Override
        public ByteBuffer bytes() {
          return bytes;
        }

        @Override
        public void free() {
          assertThat(allocated.remove((Integer) byteSize)).isTrue();
        }
      };
    }

    @Override
    public Runnable lock(int device, long address, long byteSize) throws DeviceMemoryException {
      if (fails) {
        throw new DeviceMemoryException("out of memory");
      }
      allocated.add((int) -byteSize);
      return () -> allocated.remove((Integer) (int) -byteSize);
    }
  }

  @AfterEach
  void close() {
    memory.close();
    until(host.allocated::isEmpty);
    assertThat(memory.usedBytes()).isZero();
    assertThat(memory.lockedBytes()).isZero();
    assertThat(ordinary.usedBytes()).isZero();
  }

  /** Waits for what the pool's own thread is about to do. */
  private static void until(BooleanSupplier done) {
    long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!done.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(giveUp);
      LockSupport.parkNanos(100_000);
    }
  }

  @Test
  void nothingIsLockedBeforeAModelOnAGpuIsThere() throws Exception {
    ByteBuf tensor = memory.allocate(64);

    assertThat(host.allocated).isEmpty();
    assertThat(ordinary.usedBytes()).isEqualTo(64);
    assertThat(memory.totalBytes()).isEqualTo(BUDGET);
    tensor.release();
  }

  @Test
  void aTensorLiesInAChunkThatIsLockedWithTheFirstModel() throws Exception {
    memory.addUser(2);
    assertThat(host.allocated).containsExactly(CHUNK);
    assertThat(host.devices).isEqualTo(1 << 2);

    ByteBuf first = memory.allocate(100);
    ByteBuf second = memory.allocate(1);

    assertThat(first.capacity()).isEqualTo(100);
    assertThat(first.readableBytes()).isZero();
    assertThat(first.isDirect()).isTrue();
    assertThat(first.memoryAddress() % TensorMemory.ALIGNMENT_BYTES).isZero();
    assertThat(second.memoryAddress()).isEqualTo(first.memoryAddress() + 128);
    assertThat(memory.usedBytes()).isEqualTo(128 + 64);
    assertThat(ordinary.usedBytes()).isZero();
    first.writeBytes(new byte[100]);
    first.release();
    second.release();
    assertThat(memory.usedBytes()).isZero();
    assertThat(host.allocated).containsExactly(CHUNK);
  }

  @Test
  void memoryThatCameBackIsUsedAgainForAnySize() throws Exception {
    memory.addUser(0);
    for (int size : new int[] {CHUNK, 64, 1000, CHUNK}) {
      List<ByteBuf> tensors = new ArrayList<>();
      for (int i = 0; i < CHUNK / ((size + 63) / 64 * 64); i++) {
        tensors.add(memory.allocate(size));
      }
      // In another order than they were taken in.
      Collections.swap(tensors, 0, tensors.size() / 2);
      assertThat(ordinary.usedBytes()).isZero();
      tensors.forEach(ByteBuf::release);
    }
    assertThat(host.allocated).containsExactly(CHUNK);
  }

  @Test
  void moreIsLockedWhenItRunsOutAndOrdinaryMemoryIsUsedMeanwhile() throws Exception {
    memory.addUser(0);
    ByteBuf first = memory.allocate(CHUNK);

    ByteBuf meanwhile = memory.allocate(CHUNK);
    assertThat(ordinary.usedBytes()).isEqualTo(CHUNK);
    until(() -> memory.lockedBytes() == 2 * CHUNK && host.allocated.size() == 2);
    ByteBuf second = null;
    while (second == null) {
      ByteBuf tensor = memory.allocate(CHUNK);
      if (ordinary.usedBytes() == CHUNK) {
        second = tensor;
      } else {
        tensor.release();
      }
    }

    assertThat(memory.usedBytes()).isEqualTo(2 * CHUNK);
    first.release();
    meanwhile.release();
    second.release();
  }

  @Test
  void beyondTheBudgetTensorsLieInOrdinaryMemory() throws Exception {
    memory.addUser(0);
    List<ByteBuf> tensors = new ArrayList<>();
    until(
        () -> {
          try {
            tensors.add(memory.allocate(1024));
          } catch (dev.nereid.server.inference.InferenceException e) {
            throw new AssertionError(e);
          }
          return memory.usedBytes() == 3 * CHUNK;
        });
    ByteBuf beyond = memory.allocate(1024);

    // Less than a tensor is left.
    assertThat(memory.lockedBytes()).isEqualTo(3 * CHUNK);
    assertThat(memory.usedBytes()).isEqualTo(3 * CHUNK);
    ByteBuf small = memory.allocate(64);
    until(() -> memory.lockedBytes() == 3 * CHUNK + 64);
    beyond.release();
    small.release();
    tensors.forEach(ByteBuf::release);
  }

  @Test
  void aTensorLargerThanAChunkHasOneOfItsOwn() throws Exception {
    memory.addUser(0);
    ByteBuf first = memory.allocate(2 * CHUNK);
    assertThat(ordinary.usedBytes()).isPositive();
    first.release();
    until(() -> host.allocated.contains(2 * CHUNK));
    until(
        () -> {
          try {
            ByteBuf tensor = memory.allocate(2 * CHUNK);
            boolean pinned = ordinary.usedBytes() == 0;
            tensor.release();
            return pinned;
          } catch (dev.nereid.server.inference.InferenceException e) {
            throw new AssertionError(e);
          }
        });
    ByteBuf larger = memory.allocate(BUDGET + 1);
    assertThat(ordinary.usedBytes()).isPositive();
    larger.release();
  }

  @Test
  void everythingIsGivenBackAfterTheLastModelAndItsLastTensor() throws Exception {
    memory.addUser(0);
    memory.addUser(1);
    ByteBuf tensor = memory.allocate(10);
    memory.removeUser();
    assertThat(host.allocated).hasSize(1);
    memory.removeUser();
    assertThat(host.allocated).hasSize(1);

    tensor.release();

    until(host.allocated::isEmpty);
    assertThat(memory.lockedBytes()).isZero();
    memory.addUser(0);
    assertThat(host.allocated).containsExactly(CHUNK);
    memory.removeUser();
    assertThat(host.allocated).isEmpty();
  }

  @Test
  void whereNoneIsToBeHadOrdinaryMemoryServes() throws Exception {
    host.fails = true;
    memory.addUser(0);
    ByteBuf tensor = memory.allocate(64);
    assertThat(ordinary.usedBytes()).isEqualTo(64);
    assertThat(memory.lockedBytes()).isZero();
    tensor.release();

    host.fails = false;
    memory.addUser(0);
    ByteBuf pinned = memory.allocate(64);
    assertThat(memory.usedBytes()).isEqualTo(64);
    pinned.release();
  }

  @Test
  void othersMemoryIsLockedWhileThereAreModelsOnGpus() {
    memory.lock("a", 0, 100).run();
    assertThat(host.allocated).isEmpty();
    memory.addUser(0);
    Runnable unlock = memory.lock("b", 0, 100);
    assertThat(host.allocated).contains(-100);
    unlock.run();
    assertThat(host.allocated).doesNotContain(-100);
    host.fails = true;
    memory.lock("c", 0, 100).run();
  }

  @Test
  void withoutAGpuThereIsNoPool() throws Exception {
    PinnedMemory none = PinnedMemory.none(ordinary);
    none.addUser(0);
    ByteBuf tensor = none.allocate(64);
    assertThat(none.totalBytes()).isZero();
    assertThat(ordinary.usedBytes()).isEqualTo(64);
    tensor.release();
    none.close();
  }

  @Test
  void sizesThatNoTensorHasAreRefused() {
    for (long size : new long[] {-1, TensorMemory.LARGEST_BYTES + 1L, Long.MAX_VALUE}) {
      assertThatThrownBy(() -> memory.allocate(size)).hasMessageContaining("tensor byte size");
    }
  }
}
