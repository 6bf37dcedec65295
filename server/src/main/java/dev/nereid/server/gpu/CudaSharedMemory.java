package dev.nereid.server.gpu;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.nio.ByteBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Other processes' memory on GPUs, by the CUDA driver. Each allocation has a stream of its own for
 * copies, which waits for no engine's and keeps none waiting. Thread-safe.
 */
public final class CudaSharedMemory {

  private static final Logger log = LoggerFactory.getLogger(CudaSharedMemory.class);

  /** Of a {@code cudaIpcMemHandle_t}. */
  public static final int HANDLE_BYTES = 64;

  /** CU_IPC_MEM_LAZY_ENABLE_PEER_ACCESS, the only value there is. */
  private static final int LAZY_PEER_ACCESS = 1;

  /** CU_STREAM_NON_BLOCKING. */
  private static final int NON_BLOCKING = 1;

  private final CudaDriver driver;

  public CudaSharedMemory(CudaDriver driver) {
    this.driver = driver;
  }

  /** {@code CUipcMemHandle}, which the driver takes by value. */
  @Structure.FieldOrder("reserved")
  public static final class Handle extends Structure implements Structure.ByValue {

    /** Opaque. */
    @SuppressWarnings("MutablePublicArray") // JNA's way.
    public byte[] reserved = new byte[HANDLE_BYTES];

    Handle(byte[] handle) {
      System.arraycopy(handle, 0, reserved, 0, HANDLE_BYTES);
    }
  }

  /**
   * Opens another process's allocation. Blocks.
   *
   * @param handle {@link #HANDLE_BYTES} of it
   * @param device its index among those that this process sees
   */
  public Opened open(byte[] handle, int device) throws CudaException {
    if (handle.length != HANDLE_BYTES) {
      throw new IllegalArgumentException(
          "handle: " + handle.length + " bytes (expected: " + HANDLE_BYTES + ")");
    }
    CudaContext context = driver.retainContext(driver.device(device));
    try {
      return open(new Handle(handle), context);
    } catch (CudaException | RuntimeException e) {
      CudaHostMemory.letGo(context);
      throw e;
    }
  }

  private Opened open(Handle handle, CudaContext context) throws CudaException {
    LongByReference address = new LongByReference();
    LongByReference base = new LongByReference();
    LongByReference byteSize = new LongByReference();
    PointerByReference stream = new PointerByReference();
    context.run(
        () -> {
          driver.call("cuIpcOpenMemHandle_v2", address, handle, LAZY_PEER_ACCESS);
          try {
            driver.call("cuMemGetAddressRange_v2", base, byteSize, address.getValue());
            driver.call("cuStreamCreate", stream, NON_BLOCKING);
          } catch (CudaException | RuntimeException e) {
            driver.call("cuIpcCloseMemHandle", address.getValue());
            throw e;
          }
        });
    return new Opened(
        context,
        address.getValue(),
        base.getValue() + byteSize.getValue() - address.getValue(),
        stream.getValue());
  }

  /** An allocation, open. Thread-safe. */
  public final class Opened {

    private final CudaContext context;
    private final long address;
    private final long byteSize;
    private final Pointer stream;

    private Opened(CudaContext context, long address, long byteSize, Pointer stream) {
      this.context = context;
      this.address = address;
      this.byteSize = byteSize;
      this.stream = stream;
    }

    /** The {@code CUdeviceptr} of its start, in the device's primary context. */
    public long address() {
      return address;
    }

    /** From where the handle points to the allocation's end. */
    public long byteSize() {
      return byteSize;
    }

    /** Copies to the host: as many bytes as the direct buffer has room for. Blocks. */
    public void read(long offset, ByteBuffer destination) throws CudaException {
      copy("cuMemcpyDtoHAsync_v2", start(destination), address + offset, destination);
    }

    /** Copies from the host: the direct buffer's remaining bytes. Blocks. */
    public void write(long offset, ByteBuffer source) throws CudaException {
      copy("cuMemcpyHtoDAsync_v2", address + offset, start(source), source);
    }

    private void copy(String function, Object to, Object from, ByteBuffer host)
        throws CudaException {
      if (!host.hasRemaining()) {
        return;
      }
      context.run(
          () -> {
            driver.call(function, to, from, (long) host.remaining(), stream);
            driver.call("cuStreamSynchronize", stream);
          });
    }

    private static Pointer start(ByteBuffer buffer) {
      return Native.getDirectBufferPointer(buffer.slice());
    }

    /** Gives it back to the process that owns it; says so in the log where that fails. Once. */
    public void close() {
      attempt("cuStreamDestroy_v2", stream);
      attempt("cuIpcCloseMemHandle", address);
      CudaHostMemory.letGo(context);
    }

    private void attempt(String function, Object what) {
      try {
        context.run(() -> driver.call(function, what));
      } catch (CudaException e) {
        log.warn("CUDA shared memory was not given back: {}", e.getMessage());
      }
    }
  }
}
