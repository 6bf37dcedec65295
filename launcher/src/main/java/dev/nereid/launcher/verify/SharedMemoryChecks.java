package dev.nereid.launcher.verify;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;
import dev.nereid.client.InferInput;
import dev.nereid.client.InferRequest;
import dev.nereid.client.NereidClient;
import dev.nereid.client.SharedMemoryPart;
import dev.nereid.client.SystemSharedMemory;
import dev.nereid.server.gpu.CudaContext;
import dev.nereid.server.gpu.CudaDriver;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;

/** Whether a picture that lies in shared memory is answered as the same one in the request. */
final class SharedMemoryChecks {

  private static final int IPC_HANDLE_BYTES = 64;

  private final ServedModels served;
  private final String model;

  SharedMemoryChecks(ServedModels served, String model) {
    this.served = served;
    this.model = model;
  }

  List<Check> all() {
    return List.of(
        new Check("a picture in a system region is answered as one in the request", this::system),
        new Check("a picture in a CUDA region is answered as one in the request", this::cuda));
  }

  private String system() throws Exception {
    InferInput picture = Pictures.rows(served.metadata(model), 0, 1);
    int byteSize = picture.data().remaining();
    String region = "verify-gpu";
    String key = "/nereid-verify-gpu-" + ProcessHandle.current().pid();
    NereidClient client = served.client();
    try (SystemSharedMemory memory = SystemSharedMemory.create(key, byteSize)) {
      memory.bytes(0, byteSize).put(picture.data());
      client.registerSystemSharedMemory(region, key, 0, byteSize).join();
      try {
        return compare(picture, new SharedMemoryPart(region, 0, byteSize));
      } finally {
        client.unregisterSystemSharedMemory(region).join();
      }
    }
  }

  private String cuda() throws Exception {
    InferInput picture = Pictures.rows(served.metadata(model), 0, 1);
    int byteSize = picture.data().remaining();
    ByteBuffer direct = ByteBuffer.allocateDirect(byteSize).put(picture.data()).flip();
    Pointer host = Native.getDirectBufferPointer(direct);
    CudaDriver driver = CudaDriver.open();
    LongByReference device = new LongByReference();
    byte[] handle = new byte[IPC_HANDLE_BYTES];
    try (CudaContext context = driver.retainContext(driver.device(0))) {
      context.run(
          () -> {
            driver.call("cuMemAlloc_v2", device, (long) byteSize);
            driver.call("cuMemcpyHtoD_v2", device.getValue(), host, (long) byteSize);
            driver.call("cuIpcGetMemHandle", handle, device.getValue());
          });
      NereidClient client = served.client();
      String region = "verify-gpu-cuda";
      try {
        client.registerCudaSharedMemory(region, handle, 0, byteSize).join();
        try {
          return compare(picture, new SharedMemoryPart(region, 0, byteSize));
        } finally {
          client.unregisterCudaSharedMemory(region).join();
        }
      } finally {
        context.run(() -> driver.call("cuMemFree_v2", device.getValue()));
      }
    }
  }

  private String compare(InferInput picture, SharedMemoryPart part) throws CheckFailure {
    float[] expected = answer(picture);
    float[] actual =
        answer(InferInput.inSharedMemory(picture.name(), picture.type(), picture.shape(), part));
    double correlation = AnswerChecks.correlation(expected, actual);
    CheckFailure.unless(
        correlation > 0.9999, "correlation %.6f (expected: the same answer)", correlation);
    return String.format(Locale.ROOT, "%d bytes, correlation %.6f", part.byteSize(), correlation);
  }

  private float[] answer(InferInput input) {
    var result = served.client().infer(InferRequest.to(model).input(input).build()).join();
    return result.output(result.outputs().get(0).name()).floats();
  }
}
