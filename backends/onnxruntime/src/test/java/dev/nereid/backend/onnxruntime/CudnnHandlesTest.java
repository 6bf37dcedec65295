package dev.nereid.backend.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.Function;
import com.sun.jna.Library;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The library of the stack {@code ort-gpu} that lends cuDNN's handles again, made as the stack's
 * build makes it, before small fakes of cuDNN and of CUDA's runtime. A process loads them once, so
 * every test has a device of its own.
 */
@SuppressWarnings("NullAway.Init") // JUnit fills the directory, and the libraries, before.
class CudnnHandlesTest {

  private static final int RTLD_NOW = 2;

  private static final Path STACKS = Path.of("..", "..", "dist", "gpu");

  private static final String NVIDIA =
      """
      #include <stdint.h>
      static int made, destroyed, stream_status;
      static void *stream;
      int cudnnCreate(void **handle) {
        if (handle == 0) return 2000;
        *handle = (void *)(intptr_t)(4096 + 16 * __atomic_add_fetch(&made, 1, __ATOMIC_SEQ_CST));
        return 0;
      }
      int cudnnDestroy(void *handle) { destroyed++; return handle == 0 ? 2000 : 0; }
      int cudnnSetStream(void *handle, void *to) { stream = to; return stream_status; }
      long cudnnGetVersion(void) { return 90501; }
      int fake_made(void) { return made; }
      int fake_destroyed(void) { return destroyed; }
      void *fake_stream(void) { return stream; }
      void fake_set_stream_status(int to) { stream_status = to; }
      """;

  private static final String RUNTIME =
      """
      static _Thread_local int device;
      static int device_status, set_device_status, last_errors_taken;
      static int synchronized, synchronized_device, synchronize_status;
      int cudaGetDevice(int *to) { *to = device; return device_status; }
      int cudaSetDevice(int to) {
        if (set_device_status == 0) device = to;
        return set_device_status;
      }
      int cudaGetLastError(void) { last_errors_taken++; return 0; }
      int cudaDeviceSynchronize(void) {
        synchronized++;
        synchronized_device = device;
        return synchronize_status;
      }
      void fake_set_device_status(int to) { device_status = to; }
      void fake_set_set_device_status(int to) { set_device_status = to; }
      int fake_last_errors_taken(void) { return last_errors_taken; }
      int fake_synchronized(void) { return synchronized; }
      int fake_synchronized_device(void) { return synchronized_device; }
      void fake_set_synchronize_status(int to) { synchronize_status = to; }
      """;

  /** As the engine's TensorRT provider, which is linked to cuDNN; its CUDA provider opens it. */
  private static final String LINKED =
      """
      extern int cudnnCreate(void **handle);
      extern int cudnnSetStream(void *handle, void *to);
      int linked_create(void **handle) { return cudnnCreate(handle); }
      int linked_set_stream(void *handle, void *to) { return cudnnSetStream(handle, to); }
      """;

  @TempDir private static Path directory;

  private static NativeLibrary cudnn;
  private static NativeLibrary nvidia;
  private static NativeLibrary runtime;
  private static NativeLibrary linked;

  @BeforeAll
  static void theLibrariesAreMadeAndLoaded() throws Exception {
    Path cudart =
        CompiledLibrary.of(directory, "libcudart.so.12", RUNTIME, "-Wl,-soname,libcudart.so.12");
    // NVIDIA's own says that it is libcudnn.so.9, and its functions are of that version.
    String[] nvidiasFlags = {"-Wl,-soname,libcudnn.so.9", "-Wl,--default-symver"};
    Path original =
        CompiledLibrary.of(
            Files.createDirectory(directory.resolve("nvidia")),
            "libcudnn.so.9",
            NVIDIA,
            nvidiasFlags);
    Path inFront = directory.resolve("libcudnn-nvidia.so.9");
    CompiledLibrary.of(directory, "libcudnn-nvidia.so.9", "", "-Wl,-soname,libcudnn-nvidia.so.9");
    List<String> flags = new ArrayList<>(flagsOfTheStack());
    flags.addAll(List.of("-Wall", "-Wextra", "-Werror", inFront.toString(), cudart.toString()));
    Path ours =
        CompiledLibrary.of(directory, "libcudnn.so.9", STACKS.resolve("cudnn-handles.c"), flags);
    Files.copy(original, inFront, StandardCopyOption.REPLACE_EXISTING);
    Path provider = CompiledLibrary.of(directory, "libprovider.so", LINKED, original.toString());

    cudnn = load(ours);
    linked = load(provider);
    nvidia = load(inFront);
    runtime = load(cudart);
  }

  /** As the engine does: what is loaded is not there for all that comes later. */
  private static NativeLibrary load(Path library) {
    return NativeLibrary.getInstance(
        library.toString(), Map.of(Library.OPTION_OPEN_FLAGS, RTLD_NOW));
  }

  private static List<String> flagsOfTheStack() throws Exception {
    Matcher line =
        Pattern.compile("<arg line=\"([^\"]*-soname,libcudnn[.]so[.]9 [^\"]*)\"/>")
            .matcher(Files.readString(STACKS.resolve("stacks.xml")));
    assertThat(line.find()).isTrue();
    return List.of(line.group(1).split(" "));
  }

  @BeforeEach
  void nothingFails() {
    tell(runtime, "fake_set_device_status", 0);
    tell(runtime, "fake_set_set_device_status", 0);
    tell(runtime, "fake_set_synchronize_status", 0);
    tell(nvidia, "fake_set_stream_status", 0);
  }

  private static void tell(NativeLibrary library, String function, int value) {
    library.getFunction(function).invokeVoid(new Object[] {value});
  }

  private static int ask(NativeLibrary library, String function) {
    return library.getFunction(function).invokeInt(new Object[0]);
  }

  private static int made() {
    return ask(nvidia, "fake_made");
  }

  private static int destroyed() {
    return ask(nvidia, "fake_destroyed");
  }

  private static Pointer stream() {
    return nvidia.getFunction("fake_stream").invokePointer(new Object[0]);
  }

  private static void onDevice(int device) {
    tell(runtime, "cudaSetDevice", device);
  }

  private static int device() {
    IntByReference device = new IntByReference();
    runtime.getFunction("cudaGetDevice").invokeInt(new Object[] {device});
    return device.getValue();
  }

  private static Pointer create() {
    return create(cudnn.getFunction("cudnnCreate"));
  }

  private static Pointer create(Function function) {
    PointerByReference handle = new PointerByReference();
    assertThat(function.invokeInt(new Object[] {handle})).isZero();
    return handle.getValue();
  }

  private static int destroy(Pointer handle) {
    return cudnn.getFunction("cudnnDestroy").invokeInt(new Object[] {handle});
  }

  /** By NVIDIA, that is, and not kept. */
  private static void assertDestroyedForGood(Pointer handle) {
    int before = destroyed();
    assertThat(destroy(handle)).isZero();
    assertThat(destroyed()).isEqualTo(before + 1);
    assertThat(create()).isNotEqualTo(handle);
  }

  @Test
  void aHandleThatWasDestroyedIsTheNextOneOnItsDevice() {
    onDevice(1);
    int before = made();
    Pointer first = create();
    Pointer second = create();
    assertThat(second).isNotEqualTo(first);
    int gone = destroyed();
    assertThat(destroy(first)).isZero();
    assertThat(create()).isEqualTo(first);
    assertThat(made() - before).isEqualTo(2);
    assertThat(destroyed()).isEqualTo(gone);
  }

  @Test
  void thereAreNoMoreHandlesThanWereInUseAtTheSameTime() {
    onDevice(2);
    int before = made();
    for (int cycle = 0; cycle < 50; cycle++) {
      List<Pointer> handles = List.of(create(), create(), create());
      handles.forEach(CudnnHandlesTest::destroy);
    }
    assertThat(made() - before).isEqualTo(3);
  }

  @Test
  void aHandleStaysOnItsDevice() {
    onDevice(3);
    Pointer there = create();
    destroy(there);
    onDevice(4);
    assertThat(create()).isNotEqualTo(there);
    onDevice(3);
    assertThat(create()).isEqualTo(there);
  }

  @Test
  void itsWorkIsOverAndItsStreamForgottenBeforeItIsLentAgain() {
    onDevice(5);
    Pointer handle = create();
    cudnn.getFunction("cudnnSetStream").invokeInt(new Object[] {handle, new Pointer(77)});
    assertThat(stream()).isEqualTo(new Pointer(77));
    int before = ask(runtime, "fake_synchronized");
    destroy(handle);
    assertThat(ask(runtime, "fake_synchronized")).isEqualTo(before + 1);
    assertThat(stream()).isNull();
  }

  @Test
  void aThreadOnAnotherDeviceDestroysItOnItsOwn() {
    onDevice(11);
    Pointer handle = create();
    onDevice(12);
    destroy(handle);
    assertThat(ask(runtime, "fake_synchronized_device")).isEqualTo(11);
    assertThat(device()).isEqualTo(12);
    assertThat(create()).isNotEqualTo(handle);
    onDevice(11);
    assertThat(create()).isEqualTo(handle);
  }

  @Test
  void aHandleWhoseDeviceCannotBeChosenIsDestroyed() {
    onDevice(13);
    Pointer handle = create();
    onDevice(14);
    tell(runtime, "fake_set_set_device_status", 101);
    assertDestroyedForGood(handle);
    assertThat(device()).isEqualTo(14);
  }

  @Test
  void anErrorOfOursIsNotLeftForTheNextCallOfTheEngine() {
    onDevice(15);
    Pointer handle = create();
    int before = ask(runtime, "fake_last_errors_taken");
    tell(runtime, "fake_set_synchronize_status", 700);
    destroy(handle);
    tell(runtime, "fake_set_device_status", 35);
    create();
    assertThat(ask(runtime, "fake_last_errors_taken")).isEqualTo(before + 2);
  }

  @Test
  void aHandleOfALostDeviceIsDestroyed() {
    onDevice(6);
    Pointer handle = create();
    tell(runtime, "fake_set_synchronize_status", 700);
    assertDestroyedForGood(handle);
  }

  @Test
  void aHandleThatKeepsItsStreamIsDestroyed() {
    onDevice(7);
    Pointer handle = create();
    tell(nvidia, "fake_set_stream_status", 4000);
    assertDestroyedForGood(handle);
  }

  @Test
  void withoutADeviceHandlesAreMadeAndDestroyedAsEver() {
    tell(runtime, "fake_set_device_status", 35);
    assertDestroyedForGood(create());
  }

  @Test
  void badCallsAreNvidiasToAnswer() {
    assertThat(cudnn.getFunction("cudnnCreate").invokeInt(new Object[] {null})).isEqualTo(2000);
    assertThat(destroy(Pointer.NULL)).isEqualTo(2000);
  }

  @Test
  void aHandleDestroyedTwiceIsNotLentTwice() {
    onDevice(8);
    Pointer handle = create();
    int before = destroyed();
    assertThat(destroy(handle)).isZero();
    assertThat(destroy(handle)).isEqualTo(2000);
    assertThat(destroyed()).isEqualTo(before);
    assertThat(create()).isEqualTo(handle);
    assertThat(create()).isNotEqualTo(handle);
  }

  @Test
  void allOtherFunctionsAreNvidias() {
    assertThat(cudnn.getFunction("cudnnGetVersion").invokeLong(new Object[0])).isEqualTo(90501);
  }

  @Test
  void whatIsLinkedToCudnnGetsTheSameHandles() {
    onDevice(9);
    Pointer handle = create(linked.getFunction("linked_create"));
    assertThat(
            linked
                .getFunction("linked_set_stream")
                .invokeInt(new Object[] {handle, new Pointer(78)}))
        .isZero();
    destroy(handle);
    assertThat(create()).isEqualTo(handle);
  }

  @Test
  void threadsNeverShareAHandle() throws Exception {
    int before = made();
    Set<Pointer> lent = ConcurrentHashMap.newKeySet();
    Callable<Void> comingAndGoing =
        () -> {
          onDevice(10);
          for (int i = 0; i < 2000; i++) {
            Pointer handle = create();
            assertThat(lent.add(handle)).isTrue();
            lent.remove(handle);
            destroy(handle);
          }
          return null;
        };
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      for (Future<Void> done : threads.invokeAll(Collections.nCopies(4, comingAndGoing))) {
        done.get();
      }
    } finally {
      threads.shutdown();
    }
    assertThat(made() - before).isBetween(1, 4);
  }
}
