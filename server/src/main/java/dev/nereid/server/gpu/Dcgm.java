package dev.nereid.server.gpu;

import com.sun.jna.Memory;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A session with DCGM, where it is installed: inside this process, or with a host engine that runs
 * elsewhere. Fields are watched for the GPUs that this process sees alone.
 *
 * <p>Used by one thread from {@link #open} to {@link #close}.
 */
final class Dcgm implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Dcgm.class);

  /** DCGM 4, then 3: what is called here is the same in both. */
  static final List<String> LIBRARIES = List.of("libdcgm.so.4", "libdcgm.so.3");

  /** The fields' values are taken when {@link #update} is called, and at no other time. */
  private static final int OPERATION_MODE_MANUAL = 2;

  private static final int GROUP_DEFAULT = 0;
  private static final int GROUP_EMPTY = 1;
  private static final int MOST_DEVICES = 64;
  private static final int WAIT = 1;

  /** The field that holds a GPU's UUID, and one in which a GPU is found by it. */
  private static final short UUID = 54;

  private static final double KEEP_SECONDS = 5;
  private static final int KEEP_SAMPLES = 5;

  private final NativeCalls calls;
  private final long handle;
  private final Deque<Undo> undo = new ArrayDeque<>();
  private final Map<String, Integer> gpus = new LinkedHashMap<>();
  private boolean profiling;

  /** What is taken back in the opposite order. */
  private interface Undo {
    void run() throws TelemetryException;
  }

  private Dcgm(NativeCalls calls, long handle) {
    this.calls = calls;
    this.handle = handle;
  }

  /**
   * @param libraries names or paths, in order of preference
   * @param address of a host engine, {@code host} or {@code host:port}; empty for one in this
   *     process
   * @param uuids of the GPUs to watch
   * @param interval between two calls of {@link #update}
   * @throws TelemetryException if DCGM is not there, or refuses; nothing stays open then
   */
  static Dcgm open(
      List<String> libraries, Optional<String> address, Collection<String> uuids, Duration interval)
      throws TelemetryException {
    NativeCalls calls = NativeCalls.load(libraries, "errorString");
    calls.call("dcgmInit");
    LongByReference handle = new LongByReference();
    try {
      if (address.isPresent()) {
        calls.call("dcgmConnect", address.get(), handle);
      } else {
        calls.call("dcgmStartEmbedded", OPERATION_MODE_MANUAL, handle);
      }
    } catch (TelemetryException e) {
      calls.call("dcgmShutdown");
      throw e;
    }
    Dcgm dcgm = new Dcgm(calls, handle.getValue());
    dcgm.undo.push(() -> calls.call("dcgmShutdown"));
    String end = address.isPresent() ? "dcgmDisconnect" : "dcgmStopEmbedded";
    dcgm.undo.push(() -> calls.call(end, dcgm.handle));
    try {
      dcgm.watch(uuids, interval);
      return dcgm;
    } catch (TelemetryException e) {
      dcgm.close();
      throw e;
    }
  }

  /** Where it was loaded from. */
  String libraryName() {
    return calls.libraryName();
  }

  private void watch(Collection<String> uuids, Duration interval) throws TelemetryException {
    // A field is due when its interval has passed: half of ours, so that each of our calls finds
    // every field due, however the clock falls.
    long micros = Math.max(1, TimeUnit.NANOSECONDS.toMicros(interval.toNanos()) / 2);
    find(uuids, micros);
    if (gpus.isEmpty()) {
      throw new TelemetryException("DCGM knows none of " + uuids);
    }
    long group = group(GROUP_EMPTY, "gpus");
    for (int gpu : gpus.values()) {
      calls.call("dcgmGroupAddDevice", handle, group, gpu);
    }
    watch(group, fields("device", DcgmSource.deviceFields()), micros);
    try {
      watch(group, fields("profiling", DcgmSource.profilingFields()), micros);
      profiling = true;
    } catch (TelemetryException e) {
      log.info("No profiling metrics of DCGM: {}", e.getMessage());
    }
    update();
  }

  /** Which of DCGM's numbers are ours: its order is not CUDA's. */
  private void find(Collection<String> uuids, long micros) throws TelemetryException {
    int mark = undo.size();
    watch(group(GROUP_DEFAULT, "all"), fields("uuid", new short[] {UUID}), micros);
    update();
    for (int gpu : devices()) {
      try (DcgmValues values = latest(gpu, new short[] {UUID})) {
        values.text(0).filter(uuids::contains).ifPresent(uuid -> gpus.put(uuid, gpu));
      }
    }
    while (undo.size() > mark) {
      undo.pop().run();
    }
  }

  private List<Integer> devices() throws TelemetryException {
    IntByReference count = new IntByReference();
    List<Integer> devices = new ArrayList<>();
    try (Memory ids = new Memory((long) MOST_DEVICES * Integer.BYTES)) {
      calls.call("dcgmGetAllDevices", handle, ids, count);
      for (int i = 0; i < count.getValue(); i++) {
        devices.add(ids.getInt((long) i * Integer.BYTES));
      }
    }
    return devices;
  }

  /** Names are shared by all clients of a host engine. */
  private String named(String what) {
    return "nereid-%d-%x-%s".formatted(ProcessHandle.current().pid(), hashCode(), what);
  }

  private long group(int type, String name) throws TelemetryException {
    LongByReference group = new LongByReference();
    calls.call("dcgmGroupCreate", handle, type, named(name), group);
    undo.push(() -> calls.call("dcgmGroupDestroy", handle, group.getValue()));
    return group.getValue();
  }

  private long fields(String name, short[] ids) throws TelemetryException {
    LongByReference fields = new LongByReference();
    calls.call("dcgmFieldGroupCreate", handle, ids.length, ids, named(name), fields);
    undo.push(() -> calls.call("dcgmFieldGroupDestroy", handle, fields.getValue()));
    return fields.getValue();
  }

  private void watch(long group, long fields, long micros) throws TelemetryException {
    calls.call("dcgmWatchFields", handle, group, fields, micros, KEEP_SECONDS, KEEP_SAMPLES);
    undo.push(() -> calls.call("dcgmUnwatchFields", handle, group, fields));
  }

  /** Takes new values of all that is watched, and waits for them. */
  void update() throws TelemetryException {
    calls.call("dcgmUpdateAllFields", handle, WAIT);
  }

  /**
   * The latest values.
   *
   * @return to be closed
   */
  DcgmValues latest(int gpu, short[] fields) throws TelemetryException {
    DcgmValues values = new DcgmValues(calls, fields.length);
    try {
      calls.call(
          "dcgmGetLatestValuesForFields",
          handle,
          gpu,
          Arrays.copyOf(fields, fields.length),
          fields.length,
          values.memory());
      return values;
    } catch (TelemetryException e) {
      values.close();
      throw e;
    }
  }

  /** One GPU; empty where DCGM does not know it. Slices of a GPU are not asked for. */
  Optional<TelemetrySource> gpu(String uuid) {
    return Optional.ofNullable(gpus.get(uuid)).map(gpu -> new DcgmSource(this, gpu, profiling));
  }

  /** Unwatches, and ends the session; what fails on the way does not keep the rest from ending. */
  @Override
  public void close() {
    while (!undo.isEmpty()) {
      try {
        undo.pop().run();
      } catch (TelemetryException e) {
        log.debug("DCGM's session did not end cleanly", e);
      }
    }
  }
}
