package dev.nereid.bench.target;

import dev.nereid.client.InferInput;
import dev.nereid.client.InferRequest;
import dev.nereid.client.NereidClient;
import dev.nereid.client.RequestedOutput;
import dev.nereid.client.SharedMemoryPart;
import dev.nereid.client.SystemSharedMemory;
import dev.nereid.protocol.ModelMetadataResponse.TensorMetadata;
import dev.nereid.tensor.DataType;
import dev.nereid.tensor.Shapes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionException;

/**
 * Requests with their tensors in shared memory: the inputs of all of them in one region, written
 * once, and a place for each output in another, which all requests share, as perf_analyzer does it.
 *
 * <p>The objects lose their names once the server has them, so that nothing stays in the system if
 * this process is killed. The regions have names of their own, and only those are unregistered.
 */
final class SharedTensors implements AutoCloseable {

  /** What servers read and write in place. */
  private static final int ALIGNMENT_BYTES = 64;

  private final NereidClient client;
  private final String prefix = "nereid-bench-" + UUID.randomUUID();
  private final List<String> registered = new ArrayList<>();
  private List<InferRequest> requests = List.of();

  private SharedTensors(NereidClient client) {
    this.client = client;
  }

  /**
   * Puts them there; blocks.
   *
   * @param outputs those of the model
   * @param rows of each request, where the model has a batch dimension; 0 otherwise
   * @param outputBytes the room for an output whose size its metadata leave open
   * @throws TargetException if there is no shared memory, or the server does not take it
   */
  static SharedTensors place(
      NereidClient client,
      List<InferRequest> requests,
      List<TensorMetadata> outputs,
      int rows,
      long outputBytes)
      throws TargetException {
    SharedTensors shared = new SharedTensors(client);
    try {
      List<RequestedOutput> placed = shared.outputs(outputs, rows, outputBytes);
      shared.requests = shared.inputs(requests, placed);
      return shared;
    } catch (TargetException | RuntimeException e) {
      shared.close();
      throw e;
    }
  }

  /** To be sent while this is open. */
  List<InferRequest> requests() {
    return requests;
  }

  private List<RequestedOutput> outputs(List<TensorMetadata> outputs, int rows, long outputBytes)
      throws TargetException {
    List<RequestedOutput> placed = new ArrayList<>();
    String region = prefix + "-outputs";
    long end = 0;
    for (TensorMetadata output : outputs) {
      long bytes = bytes(output, rows, outputBytes);
      placed.add(
          RequestedOutput.inSharedMemory(
              output.getName(), new SharedMemoryPart(region, end, bytes)));
      end = aligned(end + bytes);
    }
    if (!placed.isEmpty()) {
      try (SystemSharedMemory memory = create(region, Math.max(1, end))) {
        register(region, memory);
      } catch (IOException e) {
        throw unavailable(e);
      }
    }
    return placed;
  }

  /** Known where every dimension and the size of an element are. */
  private static long bytes(TensorMetadata output, int rows, long otherwise) {
    DataType type = DataType.ofName(output.getDatatype());
    long[] shape = output.getShapeList().stream().mapToLong(Long::longValue).toArray();
    if (rows > 0 && shape.length > 0) {
      shape[0] = rows;
    }
    if (type == null || !type.isFixedSize() || Shapes.isVariable(shape)) {
      return otherwise;
    }
    return Math.multiplyExact(Shapes.elementCount(shape), (long) type.byteSize());
  }

  private List<InferRequest> inputs(List<InferRequest> originals, List<RequestedOutput> outputs)
      throws TargetException {
    String region = prefix + "-inputs";
    long end = 0;
    for (InferRequest request : originals) {
      for (InferInput input : request.inputs()) {
        end = aligned(end) + input.data().remaining();
      }
    }
    try (SystemSharedMemory memory = create(region, Math.max(1, end))) {
      List<InferRequest> moved = new ArrayList<>();
      long start = 0;
      for (InferRequest request : originals) {
        List<InferInput> inputs = new ArrayList<>();
        for (InferInput input : request.inputs()) {
          int bytes = input.data().remaining();
          start = aligned(start);
          memory.bytes(start, bytes).put(input.data());
          // A part of nothing could not start where the region ends.
          long offset = bytes == 0 ? 0 : start;
          inputs.add(
              InferInput.inSharedMemory(
                  input.name(),
                  input.type(),
                  input.shape(),
                  new SharedMemoryPart(region, offset, bytes)));
          start += bytes;
        }
        moved.add(
            new InferRequest(
                request.modelName(),
                request.modelVersion(),
                request.id(),
                request.parameters(),
                inputs,
                outputs));
      }
      register(region, memory);
      return moved;
    } catch (IOException e) {
      throw unavailable(e);
    }
  }

  private static long aligned(long offset) {
    return (offset + ALIGNMENT_BYTES - 1) / ALIGNMENT_BYTES * ALIGNMENT_BYTES;
  }

  private static SystemSharedMemory create(String region, long bytes)
      throws IOException, TargetException {
    try {
      return SystemSharedMemory.create("/" + region, bytes);
    } catch (IllegalArgumentException | UnsupportedOperationException e) {
      throw unavailable(e);
    }
  }

  private void register(String region, SystemSharedMemory memory) throws TargetException {
    try {
      client.registerSystemSharedMemory(region, memory.key(), 0, memory.byteSize()).join();
      registered.add(region);
    } catch (CompletionException e) {
      throw unavailable(e.getCause() == null ? e : e.getCause());
    }
  }

  private static TargetException unavailable(Throwable cause) {
    return new TargetException("shared memory: " + cause.getMessage(), cause);
  }

  /** Unregisters what was registered here; a server that has gone has forgotten it. */
  @Override
  public void close() {
    for (String region : registered) {
      client.unregisterSystemSharedMemory(region).exceptionally(serverIsGone -> null).join();
    }
    registered.clear();
  }
}
