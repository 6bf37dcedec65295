package dev.nereid.launcher.verify;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;
import dev.nereid.client.InferInput;
import dev.nereid.client.InferRequest;
import dev.nereid.client.NereidClient;
import dev.nereid.client.RequestedOutput;
import dev.nereid.client.SharedMemoryPart;
import dev.nereid.client.SystemSharedMemory;
import dev.nereid.server.gpu.CudaContext;
import dev.nereid.server.gpu.CudaDriver;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;

/** Whether a picture that lies in shared memory is answered as the same one in the request. */
final class SharedMemoryChecks {

  private static final String CUDA_REGION = "verify-gpu-cuda";

  private static final int IPC_HANDLE_BYTES = 64;

  /** To a CUDA region: half of them have their picture there, and all their answer. */
  private static final int REQUESTS = 4;

  private final ServedModels served;
  private final String model;

  SharedMemoryChecks(ServedModels served, String model) {
    this.served = served;
    this.model = model;
  }

  List<Check> all() {
    return List.of(
        new Check("a picture in a system region is answered as one in the request", this::system),
        new Check("pictures in a CUDA region are answered there as those in requests", this::cuda));
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

  /**
   * Requests to one region, one after the other, and then together, so that they share a batch:
   * every second picture comes in its request, and all answers go to the region, behind the
   * pictures.
   */
  private String cuda() throws Exception {
    List<InferInput> pictures = new ArrayList<>();
    List<float[]> expected = new ArrayList<>();
    for (int i = 0; i < REQUESTS; i++) {
      pictures.add(Pictures.rows(served.metadata(model), i, 1));
      expected.add(answer(pictures.get(i)));
    }
    int byteSize = pictures.get(0).data().remaining();
    int answerBytes = expected.get(0).length * Float.BYTES;
    int total = REQUESTS * (byteSize + answerBytes);
    ByteBuffer there = ByteBuffer.allocateDirect(total);
    pictures.forEach(picture -> there.put(picture.data().duplicate()));
    ByteBuffer back = ByteBuffer.allocateDirect(total).order(ByteOrder.LITTLE_ENDIAN);
    CudaDriver driver = CudaDriver.open();
    LongByReference device = new LongByReference();
    byte[] handle = new byte[IPC_HANDLE_BYTES];
    double[] least = new double[2];
    try (CudaContext context = driver.retainContext(driver.device(0))) {
      context.run(
          () -> {
            driver.call("cuMemAlloc_v2", device, (long) total);
            driver.call("cuIpcGetMemHandle", handle, device.getValue());
          });
      NereidClient client = served.client();
      try {
        client.registerCudaSharedMemory(CUDA_REGION, handle, 0, total).join();
        for (int together = 0; together < 2; together++) {
          context.run(
              () -> {
                driver.call("cuMemcpyHtoD_v2", device.getValue(), start(there), (long) total);
                // From ordinary memory it may return before all of it has arrived there.
                driver.call("cuCtxSynchronize");
              });
          inAndOut(pictures, byteSize, answerBytes, together == 1);
          context.run(
              () -> driver.call("cuMemcpyDtoH_v2", start(back), device.getValue(), (long) total));
          least[together] = least(expected, back.position(REQUESTS * byteSize));
        }
      } finally {
        client.unregisterCudaSharedMemory(CUDA_REGION).join();
        context.run(() -> driver.call("cuMemFree_v2", device.getValue()));
      }
    }
    // A batch may run other kernels, whose sums are rounded otherwise.
    CheckFailure.unless(
        least[0] > 0.9999 && least[1] > 0.98,
        "correlation %.6f alone, %.6f together (expected: the same answers)",
        least[0],
        least[1]);
    return String.format(
        Locale.ROOT,
        "%d requests of %d bytes, correlation %.6f alone, %.6f together",
        REQUESTS,
        byteSize,
        least[0],
        least[1]);
  }

  private void inAndOut(List<InferInput> pictures, int byteSize, int answerBytes, boolean together)
      throws Exception {
    String output = served.metadata(model).getOutputs(0).getName();
    List<CompletableFuture<?>> answers = new ArrayList<>();
    for (int i = 0; i < REQUESTS; i++) {
      InferInput picture = pictures.get(i);
      if (i % 2 == 0) {
        picture =
            InferInput.inSharedMemory(
                picture.name(),
                picture.type(),
                picture.shape(),
                new SharedMemoryPart(CUDA_REGION, (long) i * byteSize, byteSize));
      }
      long offset = (long) REQUESTS * byteSize + (long) i * answerBytes;
      SharedMemoryPart part = new SharedMemoryPart(CUDA_REGION, offset, answerBytes);
      InferRequest request =
          InferRequest.to(model)
              .input(picture)
              .output(RequestedOutput.inSharedMemory(output, part))
              .build();
      answers.add(served.client().infer(request));
      if (!together) {
        var unused = answers.get(i).join();
      }
    }
    CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new)).join();
  }

  /** The least correlation of answers that lie end to end. */
  private static double least(List<float[]> expected, ByteBuffer found) {
    FloatBuffer floats = found.slice().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    double least = 1;
    for (float[] wanted : expected) {
      float[] answer = new float[wanted.length];
      floats.get(answer);
      least = Math.min(least, AnswerChecks.correlation(wanted, answer));
    }
    return least;
  }

  private static Pointer start(ByteBuffer direct) {
    return Native.getDirectBufferPointer(direct.duplicate().clear());
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
