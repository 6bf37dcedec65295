package dev.nereid.server.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SharedRegionsTest {

  private static final int SIZE = 3 * 4096;

  private final List<String> locked = new ArrayList<>();
  private final SharedObject object = SharedObject.create(SIZE);
  private final TensorMemory memory = new TensorMemory(1 << 20);
  private final SharedRegions regions =
      SharedRegions.allowed(
          (what, address, byteSize) -> {
            locked.add("locked " + what + " of " + byteSize);
            return () -> locked.add("unlocked");
          },
          DeviceMemory.NONE);

  @AfterEach
  void close() {
    regions.close();
    object.close();
    assertThat(regions.mapped()).isZero();
    assertThat(memory.usedBytes()).isZero();
  }

  private static void refused(ThrowingCallable call, StatusCode code, String text) {
    InferenceException refusal = catchThrowableOfType(InferenceException.class, call);
    assertThat(refusal).isNotNull();
    assertThat(refusal.text()).isEqualTo(text);
    assertThat(refusal.code()).isEqualTo(code);
  }

  private void register(String name, long offset, long byteSize) throws InferenceException {
    regions.register(new SystemRegion(name, object.key(), offset, byteSize));
  }

  /** Until what the worker was told before is done. */
  private void settle() throws InterruptedException {
    CountDownLatch done = new CountDownLatch(1);
    regions.worker().execute(done::countDown);
    assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aPartOfARegionIsTheObjectsOwnMemory() throws Exception {
    register("r", 0, SIZE);
    object.putInts(64, 1, 2, 3);

    ByteBuf tensor = regions.use("r", 64, 12).tensor(memory);

    assertThat(tensor.isDirect()).isTrue();
    assertThat(tensor.readableBytes()).isEqualTo(12);
    assertThat(tensor.getIntLE(4)).isEqualTo(2);
    object.putInts(68, 7);
    assertThat(tensor.getIntLE(4)).isEqualTo(7);
    assertThat(memory.usedBytes()).isZero();
    tensor.release();
  }

  @Test
  void aRegionMayStartAnywhereInItsObject() throws Exception {
    register("r", 4096 + 100, 64);
    object.putInts(4096 + 128, 42);

    ByteBuf tensor = regions.use("r", 28, 4).tensor(memory);

    assertThat(tensor.getIntLE(0)).isEqualTo(42);
    tensor.release();
  }

  @Test
  void aPartThatNoEngineCouldUseWhereItLiesIsCopied() throws Exception {
    register("r", 0, SIZE);
    object.putInts(4, 5, 6);

    ByteBuf tensor = regions.use("r", 4, 8).tensor(memory);

    assertThat(memory.usedBytes()).isPositive();
    assertThat(tensor.nioBuffer().alignmentOffset(0, TensorMemory.ALIGNMENT_BYTES)).isZero();
    assertThat(tensor.getIntLE(4)).isEqualTo(6);
    object.putInts(8, 9);
    assertThat(tensor.getIntLE(4)).isEqualTo(6);
    tensor.release();
  }

  @Test
  void aTensorIsWrittenToTheStartOfAPart() throws Exception {
    register("r", 4096, 4096);
    RegionPart part = regions.use("r", 8, 64);

    part.write(Unpooled.buffer().writeIntLE(11).writeIntLE(12));
    part.release();

    assertThat(object.ints(4096 + 8, 3)).containsExactly(11, 12, 0);
  }

  @Test
  void aNameIsFreeAtOnceAndItsMemoryWithTheLastUse() throws Exception {
    register("r", 0, SIZE);
    object.putInts(0, 3);
    ByteBuf tensor = regions.use("r", 0, 4).tensor(memory);
    RegionPart part = regions.use("r", 64, 4);

    regions.unregisterSystem("r");

    assertThat(regions.system("")).isEmpty();
    refused(
        () -> regions.use("r", 0, 4),
        StatusCode.NOT_FOUND,
        "Unable to find shared memory region: 'r'");
    register("r", 0, 64);
    settle();
    assertThat(regions.mapped()).isEqualTo(2);
    assertThat(tensor.getIntLE(0)).isEqualTo(3);
    tensor.release();
    part.release();
    part.release();
    settle();
    assertThat(regions.mapped()).isEqualTo(1);
  }

  @Test
  void everyRegionIsUnregisteredWhereNoneIsNamed() throws Exception {
    register("a", 0, 64);
    register("b", 64, 64);

    regions.unregisterCuda("");
    assertThat(regions.system("")).hasSize(2);
    regions.unregisterSystem("");
    regions.unregisterSystem("nope");

    settle();
    assertThat(regions.mapped()).isZero();
  }

  @Test
  void aRegionIsPageLockedForAsLongAsItIsMapped() throws Exception {
    register("r", 100, 8000);
    assertThat(locked).containsExactly("locked shared memory region 'r' of 8100");
    RegionPart part = regions.use("r", 0, 1);
    regions.unregisterSystem("r");
    settle();
    assertThat(locked).hasSize(1);

    part.release();
    settle();
    assertThat(locked).endsWith("unlocked");
  }

  @Test
  void regionsAreListedAsTheyWereRegistered() throws Exception {
    register("a", 4096, 64);
    register("b", 0, SIZE);

    assertThat(regions.system(""))
        .containsExactly(
            new SystemRegion("a", object.key(), 4096, 64),
            new SystemRegion("b", object.key(), 0, SIZE));
    assertThat(regions.system("b")).hasSize(1);
    assertThat(regions.cuda("")).isEmpty();
    refused(
        () -> regions.system("c"),
        StatusCode.NOT_FOUND,
        "Unable to find system shared memory region: 'c'");
    refused(
        () -> regions.cuda("c"),
        StatusCode.NOT_FOUND,
        "Unable to find cuda shared memory region: 'c'");
    refused(
        () -> regions.cuda("a"),
        StatusCode.NOT_FOUND,
        "The region named 'a' is registered as system shared memory, not CUDA shared memory");
  }

  @Test
  void aNameIsTakenOnce() throws Exception {
    register("r", 0, 64);
    refused(
        () -> register("r", 64, 64),
        StatusCode.ALREADY_EXISTS,
        "shared memory region 'r' already in manager");
    assertThat(regions.mapped()).isEqualTo(1);
  }

  @Test
  void aRegionLiesWithinItsObject() throws Exception {
    long[][] outside = {
      {0, SIZE + 1},
      {SIZE, 1},
      {SIZE - 63, 64},
      {0, 0},
      {0, -1},
      {-1, 64},
      {64, -64},
      {Long.MAX_VALUE, 64},
      {64, Long.MAX_VALUE},
      {Long.MIN_VALUE, Long.MIN_VALUE},
    };
    for (long[] region : outside) {
      refused(
          () -> register("r", region[0], region[1]),
          StatusCode.INVALID_ARGUMENT,
          "failed to register shared memory region 'r': invalid args");
    }
    assertThat(regions.mapped()).isZero();
    register("r", SIZE - 64, 64);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "//",
        "/.",
        "/..",
        "../dev/shm/x",
        "/../dev/shm/x",
        "/a/b",
        "/nereid-test-none",
        "/nereid\0test",
      })
  void aKeyIsTheNameOfAnObjectAndLeadsNowhereElse(String key) {
    refused(
        () -> regions.register(new SystemRegion("r", key, 0, 1)),
        StatusCode.INTERNAL,
        "Unable to open shared memory region: '" + key + "'");
  }

  @Test
  void aKeyMayStartWithAnyNumberOfSlashes() throws Exception {
    regions.register(new SystemRegion("none", object.key().substring(1), 0, 64));
    regions.register(new SystemRegion("two", "/" + object.key(), 0, 64));
    assertThat(regions.system("none").get(0).key()).isEqualTo(object.key().substring(1));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/", "//"})
  void whatTritonsPythonModelsKeepToThemselvesIsNotRegistered(String slashes) {
    String key = slashes + "triton_python_backend_shm_region_1";
    refused(
        () -> regions.register(new SystemRegion("r", key, 0, 1)),
        StatusCode.INVALID_ARGUMENT,
        "cannot register shared memory region 'r' with key '"
            + key
            + "' as the key contains the reserved prefix 'triton_python_backend_shm_region_'");
  }

  @Test
  void aPartLiesWithinItsRegion() throws Exception {
    register("r", 0, 4096);
    for (long offset : new long[] {4096, 4097, -1, Long.MIN_VALUE, Long.MAX_VALUE}) {
      refused(
          () -> regions.use("r", offset, 1),
          StatusCode.INVALID_ARGUMENT,
          "Invalid offset for shared memory region: 'r'");
    }
    long[][] outside = {{0, 4097}, {4095, 2}, {0, -1}, {1, Long.MAX_VALUE}, {0, Long.MIN_VALUE}};
    for (long[] part : outside) {
      refused(
          () -> regions.use("r", part[0], part[1]),
          StatusCode.INVALID_ARGUMENT,
          "Invalid offset + byte size for shared memory region: 'r'");
    }
    refused(
        () -> regions.use("r", 64, -64),
        StatusCode.INVALID_ARGUMENT,
        "Integer overflow detected: byte_size (18446744073709551552) + offset (64) exceeds maximum"
            + " value (18446744073709551615) for region 'r'");
    for (long[] part : new long[][] {{0, 4096}, {4095, 1}, {0, 0}, {4095, 0}}) {
      regions.use("r", part[0], part[1]).release();
    }
  }

  @Test
  void memoryThatItsClientTookAwayIsNotTouched() throws Exception {
    register("r", 4096, 8192);
    RegionPart output = regions.use("r", 4096, 64);
    object.shorten(8192);

    regions.use("r", 0, 4096).release();
    String text =
        "shared memory region 'r': its object '%s' has 8192 bytes (expected: at least %d, as when"
            + " it was registered)";
    refused(
        () -> regions.use("r", 1, 4096),
        StatusCode.INVALID_ARGUMENT,
        text.formatted(object.key(), 8193));
    refused(
        () -> output.write(Unpooled.buffer().writeIntLE(1)),
        StatusCode.INVALID_ARGUMENT,
        text.formatted(object.key(), 8196));
    output.release();
  }

  @Test
  void nothingIsRegisteredOrUsedWhereItIsNotAllowed() {
    SharedRegions none = SharedRegions.disallowed();
    String text =
        "Client shared memory is disabled. Start the server with '--allow-client-shm=true' to"
            + " enable.";
    for (ThrowingCallable call :
        List.<ThrowingCallable>of(
            () -> none.register(new SystemRegion("r", object.key(), 0, 64)),
            () -> none.register(new CudaRegion("r", 0, 64), new byte[64]),
            () -> none.unregisterSystem(""),
            () -> none.unregisterCuda(""),
            () -> none.system(""),
            () -> none.cuda(""),
            () -> none.use("r", 0, 1))) {
      refused(call, StatusCode.UNIMPLEMENTED, text);
    }
    none.close();
  }

  @Test
  void cudaRegionsNeedAGpu() {
    refused(
        () -> regions.register(new CudaRegion("r", 0, 64), new byte[64]),
        StatusCode.INVALID_ARGUMENT,
        "failed to register shared memory region: invalid args");
    assertThat(regions.haveCuda()).isFalse();
  }
}
