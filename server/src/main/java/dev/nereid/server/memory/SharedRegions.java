package dev.nereid.server.memory;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The shared memory that clients have registered, with Triton's rules and texts.
 *
 * <ul>
 *   <li>Thread-safe. Registering blocks; everything else does not.
 *   <li>A name that is unregistered is free at once; its memory stays mapped while requests use it.
 *   <li>Where shared memory is not allowed, every call throws UNIMPLEMENTED with Triton's text.
 * </ul>
 */
public final class SharedRegions implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(SharedRegions.class);

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** Each waits for the bus most of the time; two keep it busy both ways. */
  private static final int COPIERS = 2;

  private final boolean allowed;
  private final RegionLocking locking;
  private final DeviceMemory devices;
  private final WatchedBuffers buffers = new WatchedBuffers();
  private final ExecutorService worker;
  private final ExecutorService copier;
  private final Object lock = new Object();

  @GuardedBy("lock")
  private final Map<String, SharedRegion> regions = new TreeMap<>();

  @GuardedBy("lock")
  private int mapped;

  private SharedRegions(boolean allowed, RegionLocking locking, DeviceMemory devices) {
    this.allowed = allowed;
    this.locking = locking;
    this.devices = devices;
    worker = Executors.newSingleThreadExecutor(task -> thread("shared-memory", task));
    copier = Executors.newFixedThreadPool(COPIERS, task -> thread("cuda-shared-memory", task));
  }

  private static Thread thread(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  /** None, and none to come: {@code --allow-client-shm=false}. */
  public static SharedRegions disallowed() {
    return new SharedRegions(false, RegionLocking.NONE, DeviceMemory.NONE);
  }

  /**
   * None yet.
   *
   * @param locking for regions of the system's memory, so that GPUs read them directly
   * @param devices for regions of GPUs' memory
   * @throws UnsupportedOperationException where the C library cannot be reached
   */
  public static SharedRegions allowed(RegionLocking locking, DeviceMemory devices) {
    PosixMemory.load();
    return new SharedRegions(true, locking, devices);
  }

  /** Whether clients may register any. */
  public boolean areAllowed() {
    return allowed;
  }

  /** Whether those may be of a GPU's memory. */
  public boolean haveCuda() {
    return allowed && devices.isAvailable();
  }

  /** Threads that carry tensors to and from GPUs. */
  public Executor copier() {
    return copier;
  }

  /** The thread for calls that block; its tasks run one after the other. */
  public Executor worker() {
    return worker;
  }

  /** Regions that are mapped, registered or still used. */
  public int mapped() {
    synchronized (lock) {
      return mapped;
    }
  }

  /**
   * Maps a region of a POSIX shared memory object. Blocks.
   *
   * @param region its numbers unsigned
   * @throws InferenceException ALREADY_EXISTS where the name is taken; INVALID_ARGUMENT, INTERNAL
   *     where there is no such memory
   */
  public void register(SystemRegion region) throws InferenceException {
    checkAllowed();
    checkFree(region.name());
    add(region.name(), SystemStorage.open(region, locking));
  }

  /**
   * The system's regions by name.
   *
   * @param name of one; empty for all
   * @throws InferenceException NOT_FOUND
   */
  public List<SystemRegion> system(String name) throws InferenceException {
    checkAllowed();
    List<SystemRegion> found = new ArrayList<>();
    synchronized (lock) {
      if (name.isEmpty()) {
        for (SharedRegion region : regions.values()) {
          if (region.storage() instanceof SystemStorage system) {
            found.add(system.region());
          }
        }
        return found;
      }
      @Nullable SharedRegion region = regions.get(name);
      if (region == null) {
        throw notFound("Unable to find system shared memory region: '" + name + "'");
      }
      if (!(region.storage() instanceof SystemStorage system)) {
        throw notFound(
            "The region named '"
                + name
                + "' is registered as CUDA shared memory, not system shared memory");
      }
      return List.of(system.region());
    }
  }

  /**
   * Frees the name of a region of the system's memory, and its memory once no request uses it. Does
   * nothing where there is none.
   *
   * @param name of one; empty for all
   */
  public void unregisterSystem(String name) throws InferenceException {
    checkAllowed();
    unregister(name, SystemStorage.class);
  }

  /**
   * Opens a region of a GPU's memory that another process allocated. Blocks.
   *
   * @param handle its {@code cudaIpcMemHandle_t}
   * @throws InferenceException ALREADY_EXISTS where the name is taken; INVALID_ARGUMENT where there
   *     is no such memory, or no GPU
   */
  public void register(CudaRegion region, byte[] handle) throws InferenceException {
    checkAllowed();
    checkFree(region.name());
    add(region.name(), CudaStorage.open(region, handle, devices));
  }

  /**
   * The GPUs' regions by name.
   *
   * @param name of one; empty for all
   * @throws InferenceException NOT_FOUND
   */
  public List<CudaRegion> cuda(String name) throws InferenceException {
    checkAllowed();
    List<CudaRegion> found = new ArrayList<>();
    synchronized (lock) {
      if (name.isEmpty()) {
        for (SharedRegion region : regions.values()) {
          if (region.storage() instanceof CudaStorage cuda) {
            found.add(cuda.region());
          }
        }
        return found;
      }
      @Nullable SharedRegion region = regions.get(name);
      if (region == null) {
        throw notFound("Unable to find cuda shared memory region: '" + name + "'");
      }
      if (!(region.storage() instanceof CudaStorage cuda)) {
        throw notFound(
            "The region named '"
                + name
                + "' is registered as system shared memory, not CUDA shared memory");
      }
      return List.of(cuda.region());
    }
  }

  /** As {@link #unregisterSystem}, of GPUs' memory. */
  public void unregisterCuda(String name) throws InferenceException {
    checkAllowed();
    unregister(name, CudaStorage.class);
  }

  private void unregister(String name, Class<? extends RegionStorage> kind) {
    List<SharedRegion> removed = new ArrayList<>();
    synchronized (lock) {
      regions
          .entrySet()
          .removeIf(
              entry -> {
                boolean meant =
                    (name.isEmpty() || entry.getKey().equals(name))
                        && kind.isInstance(entry.getValue().storage());
                if (meant) {
                  removed.add(entry.getValue());
                }
                return meant;
              });
    }
    removed.forEach(SharedRegion::letGo);
  }

  /**
   * A part of a region for one tensor.
   *
   * @param offset within the region
   * @return the caller's to release
   * @throws InferenceException NOT_FOUND for an unknown name; INVALID_ARGUMENT for a part that is
   *     not within the region, or no longer within its object
   */
  public RegionPart use(String name, long offset, long byteSize) throws InferenceException {
    checkAllowed();
    @Nullable SharedRegion region;
    synchronized (lock) {
      region = regions.get(name);
      if (region == null || !region.hold()) {
        throw notFound("Unable to find shared memory region: '" + name + "'");
      }
    }
    try {
      checkBounds(name, region.storage().byteSize(), offset, byteSize);
      region.storage().checkThere(offset + byteSize);
      return new RegionPart(region, buffers, offset, byteSize);
    } catch (InferenceException | RuntimeException e) {
      region.letGo();
      throw e;
    }
  }

  /** Triton reads both numbers as unsigned ones of 64 bits. */
  private static void checkBounds(String name, long regionBytes, long offset, long byteSize)
      throws InferenceException {
    if (Long.compareUnsigned(offset, regionBytes) >= 0) {
      throw invalid("Invalid offset for shared memory region: '" + name + "'");
    }
    if (Long.compareUnsigned(byteSize, -1L - offset) > 0) {
      throw invalid(
          "Integer overflow detected: byte_size ("
              + Long.toUnsignedString(byteSize)
              + ") + offset ("
              + Long.toUnsignedString(offset)
              + ") exceeds maximum value ("
              + Long.toUnsignedString(-1L)
              + ") for region '"
              + name
              + "'");
    }
    if (Long.compareUnsigned(offset + byteSize, regionBytes) > 0) {
      throw invalid("Invalid offset + byte size for shared memory region: '" + name + "'");
    }
  }

  private void checkFree(String name) throws InferenceException {
    synchronized (lock) {
      if (regions.containsKey(name)) {
        throw taken(name);
      }
    }
  }

  private void add(String name, RegionStorage storage) throws InferenceException {
    synchronized (lock) {
      if (!regions.containsKey(name)) {
        regions.put(name, new SharedRegion(storage, () -> closeSoon(storage)));
        mapped++;
        return;
      }
    }
    storage.close();
    throw taken(name);
  }

  /** Not by the thread that let it go, which may be an event loop: to unmap takes its time. */
  private void closeSoon(RegionStorage storage) {
    try {
      worker.execute(() -> close(storage));
    } catch (RejectedExecutionException stopped) {
      close(storage);
    }
  }

  private void close(RegionStorage storage) {
    storage.close();
    synchronized (lock) {
      mapped--;
    }
  }

  private void checkAllowed() throws InferenceException {
    if (!allowed) {
      throw new InferenceException(
          StatusCode.UNIMPLEMENTED,
          "Client shared memory is disabled. Start the server with '--allow-client-shm=true' to"
              + " enable.");
    }
  }

  private static InferenceException taken(String name) {
    return new InferenceException(
        StatusCode.ALREADY_EXISTS, "shared memory region '" + name + "' already in manager");
  }

  private static InferenceException notFound(String text) {
    return new InferenceException(StatusCode.NOT_FOUND, text);
  }

  private static InferenceException invalid(String text) {
    return new InferenceException(StatusCode.INVALID_ARGUMENT, text);
  }

  /** Unregisters all of them; what a request still uses is unmapped with its end. Blocks. */
  @Override
  public void close() {
    unregister("", RegionStorage.class);
    copier.shutdown();
    worker.shutdown();
    try {
      if (!worker.awaitTermination(PATIENCE.toNanos(), TimeUnit.NANOSECONDS)) {
        log.warn("Shared memory is still being unmapped");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
