package dev.nereid.backend.tensorflow;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.tensorflow.gpu.LibraryReport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tensorflow.internal.c_api.TF_Buffer;
import org.tensorflow.internal.c_api.TF_DeviceList;
import org.tensorflow.internal.c_api.global.tensorflow;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.KernelList;

/**
 * The GPUs that TensorFlow has registered: none in a library for CPUs, which costs no look; none on
 * a host without a driver. Where the host has one and TensorFlow takes none, the log says which
 * library is to blame. Looks once, when first asked. Thread-safe.
 */
final class TensorFlowGpus {

  private static final Logger log = LoggerFactory.getLogger(TensorFlowGpus.class);

  private static final Path DRIVER = Path.of("/dev/nvidiactl");
  private static final String PAGE = "(docs/gpu.md)";
  private static final int UNKNOWN = -1;

  private final BooleanSupplier forGpus;
  private final Registered registered;
  private final Path driver;
  private final Libraries libraries;
  private List<String> reasons = List.of();
  private int count = UNKNOWN;

  /** Asks TensorFlow for the number of its GPUs, which starts CUDA. */
  @FunctionalInterface
  interface Registered {
    /**
     * @throws BackendException if it cannot start on one of them now, as without memory there
     */
    int count() throws BackendException;
  }

  /**
   * What TensorFlow lacks, a line each.
   *
   * @param problems by which it takes no GPU
   * @param missingParts without which it takes one, and ends the process later
   */
  record Libraries(Supplier<List<String>> problems, Supplier<List<String>> missingParts) {}

  /**
   * @param forGpus whether TensorFlow's library is one for GPUs
   * @param driver a file that is there where the host has NVIDIA's driver
   */
  TensorFlowGpus(BooleanSupplier forGpus, Registered registered, Path driver, Libraries libraries) {
    this.forGpus = forGpus;
    this.registered = registered;
    this.driver = driver;
    this.libraries = libraries;
  }

  /**
   * @param memory of the allocator that the first session of a process makes
   * @param bundledLibrary whether TensorFlow's library is ours, which is for CPUs
   */
  static TensorFlowGpus ofProcess(GpuMemory memory, boolean bundledLibrary) {
    LibraryReport report = new LibraryReport();
    return new TensorFlowGpus(
        () -> !bundledLibrary && hasGpuKernels(),
        () -> registered(memory),
        DRIVER,
        new Libraries(report::problems, report::missingParts));
  }

  /** 0 also where TensorFlow cannot start on them now; the next call asks again. */
  synchronized int count() {
    if (count == UNKNOWN) {
      count = look();
    }
    return Math.max(0, count);
  }

  /** Whether there are some, or TensorFlow could not start on them. */
  synchronized boolean mayBe() {
    return count() > 0 || count == UNKNOWN;
  }

  /** Why there is none, in one line. */
  synchronized String whyNone() {
    return reasons.isEmpty() ? "no GPU was found" : String.join("; ", reasons);
  }

  private int look() {
    if (forGpus.getAsBoolean()) {
      int found;
      try {
        found = registered.count();
      } catch (BackendException e) {
        reasons = List.of("TensorFlow cannot start there: " + e.getMessage());
        log.warn("{} {}", whyNone(), PAGE);
        return UNKNOWN;
      }
      reasons = found > 0 ? libraries.missingParts().get() : List.of();
      if (!reasons.isEmpty()) {
        log.warn("TensorFlow's GPUs are not used {}: {}", PAGE, whyNone());
        return 0;
      }
      if (found > 0 || !Files.exists(driver)) {
        return found;
      }
      reasons = libraries.problems().get();
      log.warn(
          "This host has an NVIDIA driver, and TensorFlow registers no GPU {}: {}",
          PAGE,
          reasons.isEmpty()
              ? "every library that it needs is there; its own lines on standard error say more"
              : whyNone());
    } else if (Files.exists(driver)) {
      reasons =
          List.of("TensorFlow's library is one for CPUs; TENSORFLOW_LIBRARY_PATH names another");
      log.info("This host has an NVIDIA driver, and {} {}", whyNone(), PAGE);
    }
    return 0;
  }

  private static boolean hasGpuKernels() {
    try (TfStatus status = new TfStatus()) {
      TF_Buffer kernels = tensorflow.TF_GetRegisteredKernelsForOp("MatMul", status.handle());
      try {
        return KernelList.parseFrom(TfBuffers.view(kernels)).getKernelList().stream()
            .anyMatch(kernel -> kernel.getDeviceType().equals("GPU"));
      } catch (InvalidProtocolBufferException e) {
        throw new IllegalStateException("TensorFlow's list of kernels cannot be read", e);
      } finally {
        tensorflow.TF_DeleteBuffer(kernels);
      }
    }
  }

  private static int registered(GpuMemory memory) throws BackendException {
    ConfigProto config = ConfigProto.newBuilder().setGpuOptions(memory.toProto()).build();
    try (TfSession session = TfSession.ofGraph("", GraphDef.getDefaultInstance(), config);
        TfStatus status = new TfStatus()) {
      TF_DeviceList devices = tensorflow.TF_SessionListDevices(session.handle(), status.handle());
      try {
        status.check("");
        int gpus = 0;
        for (int i = 0; i < tensorflow.TF_DeviceListCount(devices); i++) {
          String type = tensorflow.TF_DeviceListType(devices, i, status.handle()).getString();
          gpus += type.equals("GPU") ? 1 : 0;
        }
        return gpus;
      } finally {
        tensorflow.TF_DeleteDeviceList(devices);
      }
    }
  }
}
