package dev.nereid.server.gpu;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import java.util.ArrayList;
import java.util.List;

/**
 * NVML, which comes with the driver. Open from {@link #open} to {@link #close}.
 *
 * <p>Thread-safe, as NVML is.
 */
final class Nvml implements AutoCloseable {

  static final String LIBRARY = "libnvidia-ml.so.1";

  /** {@code NVML_ERROR_NOT_FOUND}. */
  private static final int NOT_FOUND = 6;

  private static final int UUID_BYTES = 96;

  private final NativeCalls calls;

  private Nvml(NativeCalls calls) {
    this.calls = calls;
  }

  /**
   * @param library a name or a path
   * @throws TelemetryException if it is not there, or does not start
   */
  static Nvml open(String library) throws TelemetryException {
    NativeCalls calls = NativeCalls.load(List.of(library), "nvmlErrorString");
    calls.call("nvmlInit_v2");
    return new Nvml(calls);
  }

  NativeCalls calls() {
    return calls;
  }

  /**
   * The handle of a GPU or of a slice.
   *
   * @throws TelemetryException if NVML knows none of that UUID
   */
  Pointer byUuid(String uuid) throws TelemetryException {
    PointerByReference device = new PointerByReference();
    calls.call("nvmlDeviceGetHandleByUUID", uuid, device);
    return device.getValue();
  }

  /** Every GPU, in the order of their places on the bus, and the slices of those that have some. */
  List<VisibleDevices.Board> boards() throws TelemetryException {
    IntByReference count = new IntByReference();
    calls.call("nvmlDeviceGetCount_v2", count);
    List<VisibleDevices.Board> boards = new ArrayList<>();
    for (int i = 0; i < count.getValue(); i++) {
      PointerByReference device = new PointerByReference();
      calls.call("nvmlDeviceGetHandleByIndex_v2", i, device);
      boards.add(new VisibleDevices.Board(uuid(device.getValue()), slices(device.getValue())));
    }
    return boards;
  }

  private List<VisibleDevices.Slice> slices(Pointer device) throws TelemetryException {
    List<VisibleDevices.Slice> slices = new ArrayList<>();
    IntByReference most = new IntByReference();
    try {
      calls.call("nvmlDeviceGetMaxMigDeviceCount", device, most);
    } catch (TelemetryException noSlices) {
      return slices; // a driver or a GPU that knows of none
    }
    for (int i = 0; i < most.getValue(); i++) {
      PointerByReference slice = new PointerByReference();
      try {
        calls.call("nvmlDeviceGetMigDeviceHandleByIndex", device, i, slice);
      } catch (TelemetryException e) {
        if (e.code() == NOT_FOUND) {
          continue;
        }
        throw e;
      }
      IntByReference gpuInstance = new IntByReference();
      IntByReference computeInstance = new IntByReference();
      calls.call("nvmlDeviceGetGpuInstanceId", slice.getValue(), gpuInstance);
      calls.call("nvmlDeviceGetComputeInstanceId", slice.getValue(), computeInstance);
      slices.add(
          new VisibleDevices.Slice(
              uuid(slice.getValue()), gpuInstance.getValue(), computeInstance.getValue()));
    }
    return slices;
  }

  private String uuid(Pointer device) throws TelemetryException {
    try (Memory uuid = new Memory(UUID_BYTES)) {
      uuid.clear();
      calls.call("nvmlDeviceGetUUID", device, uuid, UUID_BYTES);
      return uuid.getString(0, "UTF-8");
    }
  }

  /** The driver's version, as {@code 580.159.04}. */
  String driverVersion() throws TelemetryException {
    try (Memory version = new Memory(UUID_BYTES)) {
      version.clear();
      calls.call("nvmlSystemGetDriverVersion", version, UUID_BYTES);
      return version.getString(0, "UTF-8");
    }
  }

  @Override
  public void close() throws TelemetryException {
    calls.call("nvmlShutdown");
  }
}
