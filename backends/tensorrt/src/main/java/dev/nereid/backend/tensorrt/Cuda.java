package dev.nereid.backend.tensorrt;

import java.nio.ByteBuffer;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * CUDA's runtime, each call checked. What a function makes belongs to its caller, who frees it by
 * the function beside it. Streams, events and memory are of the device that was set last on the
 * thread that makes them.
 */
final class Cuda {

  private Cuda() {}

  /** Free and total memory of a device, in bytes. */
  record Memory(long freeBytes, long totalBytes) {}

  /** Chooses the device of this thread. */
  static void setDevice(int device) throws CudaException {
    check(cudart.cudaSetDevice(device), "cudaSetDevice(" + device + ")");
  }

  static int deviceCount() throws CudaException {
    int[] count = new int[1];
    check(cudart.cudaGetDeviceCount(count), "cudaGetDeviceCount");
    return count[0];
  }

  static Memory memory() throws CudaException {
    try (SizeTPointer free = new SizeTPointer(1);
        SizeTPointer total = new SizeTPointer(1)) {
      check(cudart.cudaMemGetInfo(free, total), "cudaMemGetInfo");
      return new Memory(free.get(), total.get());
    }
  }

  /**
   * Throws unless this thread's device answers. To be asked before TensorRT starts: where it finds
   * no device it ends the process.
   */
  static void checkDevice() throws CudaException {
    memory();
  }

  /** Memory of the device, 256-byte aligned. */
  static Address malloc(long byteSize, String what) throws CudaException {
    Pointer pointer = new Pointer();
    int status = cudart.cudaMalloc(pointer, byteSize);
    if (status == CudaException.OUT_OF_MEMORY) {
      cudart.cudaGetLastError();
      throw new CudaException(status, outOfMemory(byteSize, what));
    }
    check(status, "cudaMalloc of " + byteSize + " bytes for " + what);
    return new Address(pointer.address());
  }

  private static String outOfMemory(long byteSize, String what) {
    String state;
    try {
      Memory memory = memory();
      state = memory.freeBytes() + " of " + memory.totalBytes() + " bytes are free";
    } catch (CudaException e) {
      state = String.valueOf(e.getMessage());
    }
    return "out of GPU memory: %d bytes for %s, where %s".formatted(byteSize, what, state);
  }

  static void free(Pointer memory) throws CudaException {
    check(cudart.cudaFree(memory), "cudaFree");
  }

  static void clear(Address memory, long byteSize, CUstream_st stream) throws CudaException {
    check(cudart.cudaMemsetAsync(memory, 0, byteSize, stream), "cudaMemsetAsync");
  }

  /** Begins to copy the host's bytes from an address on to the device. */
  static void copyToDevice(Address to, long offset, long from, long byteSize, CUstream_st stream)
      throws CudaException {
    check(
        cudart.cudaMemcpyAsync(
            to.plus(offset), new Address(from), byteSize, cudart.cudaMemcpyHostToDevice, stream),
        "cudaMemcpyAsync to the GPU");
  }

  /** Begins to copy between two places of one device, which need no alignment. */
  static void copyOnDevice(long to, long from, long byteSize, CUstream_st stream)
      throws CudaException {
    check(
        cudart.cudaMemcpyAsync(
            new Address(to), new Address(from), byteSize, cudart.cudaMemcpyDeviceToDevice, stream),
        "cudaMemcpyAsync on the GPU");
  }

  /** Begins to copy from the device into a direct buffer, position to limit. */
  static void copyToHost(ByteBuffer to, Address from, CUstream_st stream) throws CudaException {
    int byteSize = to.remaining();
    if (byteSize == 0) {
      return;
    }
    check(
        cudart.cudaMemcpyAsync(
            new Address(addressOf(to)), from, byteSize, cudart.cudaMemcpyDeviceToHost, stream),
        "cudaMemcpyAsync from the GPU");
  }

  /** Where a direct buffer's position lies. */
  static long addressOf(ByteBuffer buffer) {
    return com.sun.jna.Pointer.nativeValue(com.sun.jna.Native.getDirectBufferPointer(buffer))
        + buffer.position();
  }

  /** A stream that does not wait for the default stream. */
  static CUstream_st newStream() throws CudaException {
    CUstream_st stream = new CUstream_st();
    check(
        cudart.cudaStreamCreateWithFlags(stream, cudart.cudaStreamNonBlocking),
        "cudaStreamCreateWithFlags");
    return stream;
  }

  static void destroy(CUstream_st stream) throws CudaException {
    check(cudart.cudaStreamDestroy(stream), "cudaStreamDestroy");
  }

  /** Waits until all that was begun on a stream is done. */
  static void synchronize(CUstream_st stream) throws CudaException {
    check(cudart.cudaStreamSynchronize(stream), "cudaStreamSynchronize");
  }

  /** What is begun on the stream from here on waits for the event. */
  static void await(CUstream_st stream, CUevent_st event) throws CudaException {
    check(cudart.cudaStreamWaitEvent(stream, event, 0), "cudaStreamWaitEvent");
  }

  /** An event without a time, whose waiting thread sleeps. */
  static CUevent_st newEvent() throws CudaException {
    CUevent_st event = new CUevent_st();
    check(
        cudart.cudaEventCreateWithFlags(
            event, cudart.cudaEventDisableTiming | cudart.cudaEventBlockingSync),
        "cudaEventCreateWithFlags");
    return event;
  }

  static void destroy(CUevent_st event) throws CudaException {
    check(cudart.cudaEventDestroy(event), "cudaEventDestroy");
  }

  static void record(CUevent_st event, CUstream_st stream) throws CudaException {
    check(cudart.cudaEventRecord(event, stream), "cudaEventRecord");
  }

  /** Waits for an event; spinning takes a core, and is a tenth of a millisecond faster. */
  static void await(CUevent_st event, boolean spin) throws CudaException {
    if (!spin) {
      check(cudart.cudaEventSynchronize(event), "cudaEventSynchronize");
      return;
    }
    int status = cudart.cudaEventQuery(event);
    while (status == cudart.cudaErrorNotReady) {
      Thread.onSpinWait();
      status = cudart.cudaEventQuery(event);
    }
    check(status, "cudaEventQuery");
  }

  /** What a recording does; it is called once. */
  @FunctionalInterface
  interface Recorded {
    void run() throws CudaException, TensorRtException;
  }

  /**
   * Records what a thread begins on a stream, and begins none of it.
   *
   * @param recorded calls nothing of CUDA's but what is to be recorded
   */
  static CUgraphExec_st record(CUstream_st stream, Recorded recorded)
      throws CudaException, TensorRtException {
    check(
        cudart.cudaStreamBeginCapture(stream, cudart.cudaStreamCaptureModeThreadLocal),
        "cudaStreamBeginCapture");
    CUgraph_st graph = new CUgraph_st();
    int ended;
    try {
      recorded.run();
    } finally {
      // A capture that was spoilt is ended all the same, or the stream stays unusable.
      ended = cudart.cudaStreamEndCapture(stream, graph);
    }
    check(ended, "cudaStreamEndCapture");
    try {
      CUgraphExec_st executable = new CUgraphExec_st();
      check(cudart.cudaGraphInstantiate(executable, graph, 0), "cudaGraphInstantiate");
      return executable;
    } finally {
      check(cudart.cudaGraphDestroy(graph), "cudaGraphDestroy");
    }
  }

  static void launch(CUgraphExec_st graph, CUstream_st stream) throws CudaException {
    check(cudart.cudaGraphLaunch(graph, stream), "cudaGraphLaunch");
  }

  static void destroy(CUgraphExec_st graph) throws CudaException {
    check(cudart.cudaGraphExecDestroy(graph), "cudaGraphExecDestroy");
  }

  private static void check(int status, String what) throws CudaException {
    if (status != 0) {
      // An error that does not stick is reported once more by the next call, unless it is read.
      cudart.cudaGetLastError();
      throw new CudaException(
          status,
          "CUDA error %d in %s: %s (%s)"
              .formatted(
                  status,
                  what,
                  cudart.cudaGetErrorString(status).getString(),
                  cudart.cudaGetErrorName(status).getString()));
    }
  }
}
