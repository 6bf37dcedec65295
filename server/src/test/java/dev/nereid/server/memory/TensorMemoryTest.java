package dev.nereid.server.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

final class TensorMemoryTest {

  private static final int IMAGE_BYTES = 602_112;

  @Test
  void aBufferHasRoomForExactlyWhatWasAskedFor() throws Exception {
    TensorMemory memory = new TensorMemory(1 << 20);
    for (int bytes : new int[] {0, 1, 63, 64, 65, 1000, 4097, IMAGE_BYTES}) {
      ByteBuf buffer = memory.allocate(bytes);
      assertThat(buffer.isDirect()).isTrue();
      assertThat(buffer.readableBytes()).isZero();
      assertThat(buffer.capacity()).isEqualTo(bytes);
      assertThat(buffer.maxCapacity()).isEqualTo(bytes);
      assertThat(buffer.nioBuffer(0, bytes).remaining()).isEqualTo(bytes);
      assertThat(buffer.nioBufferCount()).isEqualTo(1);
      buffer.release();
    }
    assertThat(memory.usedBytes()).isZero();
  }

  @Test
  void everyBufferStartsAtACacheLine() throws Exception {
    TensorMemory memory = new TensorMemory(64 << 20);
    List<ByteBuf> buffers = new ArrayList<>();
    for (int bytes = 1; bytes < 3_000_000; bytes = bytes * 3 / 2 + 1) {
      ByteBuf buffer = memory.allocate(bytes);
      buffers.add(buffer);
      assertThat(buffer.nioBuffer(0, bytes).alignmentOffset(0, TensorMemory.ALIGNMENT_BYTES))
          .isZero();
    }
    buffers.forEach(ByteBuf::release);
  }

  @Test
  void buffersDoNotOverlap() throws Exception {
    TensorMemory memory = new TensorMemory(1 << 20);
    List<ByteBuf> buffers = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      ByteBuf buffer = memory.allocate(100 + i);
      while (buffer.isWritable()) {
        buffer.writeByte(i);
      }
      buffers.add(buffer);
    }
    for (int i = 0; i < 50; i++) {
      while (buffers.get(i).isReadable()) {
        assertThat(buffers.get(i).readByte()).isEqualTo((byte) i);
      }
      buffers.get(i).release();
    }
  }

  @Test
  void largeBuffersComeFromThePoolWhicheverThreadGaveThemBack() throws Exception {
    TensorMemory memory = new TensorMemory(512L << 20);
    ArrayBlockingQueue<ByteBuf> handedOver = new ArrayBlockingQueue<>(4);
    int images = 200;
    CompletableFuture<Void> instance =
        CompletableFuture.runAsync(
            () -> {
              for (int i = 0; i < images; i++) {
                try {
                  handedOver.take().release();
                } catch (InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              }
            });
    for (int i = 0; i < images; i++) {
      handedOver.put(memory.allocate(IMAGE_BYTES));
      // And a batch of 32 of them, which is more than a chunk of Netty's arenas.
      memory.allocate(32L * IMAGE_BYTES).release();
    }
    instance.join();

    // At most: four handed over, one in each thread's hands; and the batch.
    assertThat(memory.slabsCreated()).isLessThanOrEqualTo(7);
    assertThat(memory.usedBytes()).isZero();
  }

  @Test
  void whatIsInUseIsCountedInWholeSlabs() throws Exception {
    TensorMemory memory = new TensorMemory(1 << 20);
    ByteBuf a = memory.allocate(1000);
    ByteBuf b = memory.allocate(65);
    assertThat(memory.usedBytes()).isEqualTo(1024 + 80);
    ByteBuf slice = a.retainedSlice(0, 0);
    a.release();
    assertThat(memory.usedBytes()).isEqualTo(1024 + 80);
    slice.release();
    assertThat(memory.usedBytes()).isEqualTo(80);
    b.release();
    assertThat(memory.usedBytes()).isZero();
    assertThat(memory.highWaterBytes()).isEqualTo(1024 + 80);
    assertThat(memory.retainedBytes()).isEqualTo(1024 + 80);
  }

  @Test
  void beyondTheBoundAllocationIsRefusedUntilSomethingIsReleased() throws Exception {
    TensorMemory memory = new TensorMemory(4096);
    ByteBuf most = memory.allocate(3000);
    assertThatThrownBy(() -> memory.allocate(2000))
        .isInstanceOfSatisfying(
            InferenceException.class,
            refusal -> {
              assertThat(refusal.code()).isEqualTo(StatusCode.RESOURCE_EXHAUSTED);
              assertThat(refusal.text())
                  .isEqualTo(
                      "tensor memory: 2048 bytes on top of 3072 in use"
                          + " (expected: at most 4096 in all)");
            });
    most.release();
    ByteBuf now = memory.allocate(4000);
    now.release();
    assertThat(memory.usedBytes()).isZero();
    assertThat(memory.retainedBytes()).isLessThanOrEqualTo(4096);
  }

  @Test
  void freeSlabsMakeRoomForOtherSizes() throws Exception {
    TensorMemory memory = new TensorMemory(4096);
    List<ByteBuf> small = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      small.add(memory.allocate(64));
    }
    small.forEach(ByteBuf::release);
    assertThat(memory.retainedBytes()).isEqualTo(4096);
    ByteBuf half = memory.allocate(2048);
    assertThat(memory.usedBytes() + memory.retainedBytes()).isEqualTo(4096);
    half.release();
  }

  @Test
  void noMoreIsKeptThanTheSecondBound() throws Exception {
    TensorMemory memory = new TensorMemory(1 << 20, 1024);
    memory.allocate(1024).release();
    memory.allocate(2048).release();
    assertThat(memory.retainedBytes()).isEqualTo(1024);
    memory.allocate(1024).release();
    assertThat(memory.slabsCreated()).isEqualTo(2);
  }

  @Test
  void aTensorLargerThanAnyBufferIsRefused() {
    TensorMemory memory = new TensorMemory(Long.MAX_VALUE);
    assertThatThrownBy(() -> memory.allocate(1L << 31))
        .hasMessage("tensor byte size: 2147483648 (expected: 0..1879048192)");
    assertThatThrownBy(() -> memory.allocate(-1))
        .hasMessage("tensor byte size: -1 (expected: 0..1879048192)");
  }

  @Test
  void boundsThatMakeNoSenseAreRefused() {
    assertThatThrownBy(() -> new TensorMemory(0)).hasMessage("maxBytes: 0 (expected: > 0)");
    assertThatThrownBy(() -> new TensorMemory(10, 11))
        .hasMessage("maxRetainedBytes: 11 (expected: 0..10)");
  }
}
