package dev.nereid.server.endpoint.grpc;

import com.sun.jna.Pointer;
import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.BackendProvider;
import dev.nereid.backend.Batch;
import dev.nereid.backend.BatchEntry;
import dev.nereid.backend.DeviceTensor;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import dev.nereid.server.backend.Pause;
import dev.nereid.tensor.DataType;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A backend on GPUs of a fake driver, whose memory is this process's: adds and subtracts two inputs
 * of sixteen integers, as Triton's {@code simple}. It uses tensors on its GPU where they lie,
 * unless the model's parameter {@code in_place} is {@code false}; with {@code hold}, every batch
 * waits for the test before it reads anything.
 */
final class DeviceBackend implements Backend, BackendProvider {

  private static final int ELEMENTS = 16;

  private final Pause hold;
  private final AtomicInteger read = new AtomicInteger();
  private final AtomicInteger written = new AtomicInteger();
  private final AtomicInteger batches = new AtomicInteger();

  DeviceBackend(Pause hold) {
    this.hold = hold;
  }

  /** Inputs that were read where they lie on a GPU. */
  int read() {
    return read.get();
  }

  /** Outputs that were written to where they are wanted on a GPU. */
  int written() {
    return written.get();
  }

  int batches() {
    return batches.get();
  }

  @Override
  public String name() {
    return "device";
  }

  @Override
  public Backend start(Map<String, String> settings) {
    return this;
  }

  @Override
  public String defaultModelFilename() {
    return "";
  }

  @Override
  public Set<InstanceKind> kinds() {
    return Set.of(InstanceKind.GPU);
  }

  @Override
  public ModelSignature inspect(ModelSource source) {
    return ModelSignature.UNKNOWN;
  }

  @Override
  public LoadedModel load(ModelSpec spec) {
    Map<String, String> parameters = spec.source().parameters();
    boolean inPlace = !"false".equals(parameters.get("in_place"));
    boolean held = parameters.containsKey("hold");
    return new LoadedModel() {
      @Override
      public ModelInstance createInstance(InstanceSpec instance) {
        return new Instance(instance.device(), inPlace, held);
      }

      @Override
      public void close() {}
    };
  }

  private final class Instance implements ModelInstance {

    private final int device;
    private final boolean inPlace;
    private final boolean held;

    Instance(int device, boolean inPlace, boolean held) {
      this.device = device;
      this.inPlace = inPlace;
      this.held = held;
    }

    @Override
    public boolean usesDeviceMemory() {
      return inPlace;
    }

    @Override
    public void execute(Batch batch) throws BackendException {
      batches.incrementAndGet();
      if (held) {
        try {
          hold.spend(Duration.ZERO);
        } catch (InterruptedException e) {
          throw new BackendException("interrupted", e);
        }
      }
      batch.inferStarts();
      int[][] sums = new int[batch.size()][];
      int[][] differences = new int[batch.size()][];
      for (int i = 0; i < batch.size(); i++) {
        int[] first = read(batch.entry(i), "INPUT0");
        int[] second = read(batch.entry(i), "INPUT1");
        sums[i] = new int[ELEMENTS];
        differences[i] = new int[ELEMENTS];
        for (int k = 0; k < ELEMENTS; k++) {
          sums[i][k] = first[k] + second[k];
          differences[i][k] = first[k] - second[k];
        }
      }
      batch.inferEnds();
      write(batch, "OUTPUT0", sums);
      write(batch, "OUTPUT1", differences);
    }

    private int[] read(BatchEntry entry, String input) {
      DeviceTensor there = inPlace ? entry.deviceInput(input, device) : null;
      if (there != null) {
        read.incrementAndGet();
        return new Pointer(there.address()).getIntArray(0, (int) there.byteSize() / 4);
      }
      int[] values = new int[ELEMENTS];
      Objects.requireNonNull(entry.input(input)).data().asIntBuffer().get(values);
      return values;
    }

    private void write(Batch batch, String output, int[][] values) {
      boolean elsewhere = false;
      for (int i = 0; i < values.length; i++) {
        BatchEntry entry = batch.entry(i);
        long[] shape = {1, ELEMENTS};
        DeviceTensor there =
            inPlace
                ? entry.deviceOutput(output, DataType.INT32, shape, 4 * ELEMENTS, device)
                : null;
        if (there == null) {
          elsewhere |= entry.wantsOutput(output);
        } else {
          written.incrementAndGet();
          new Pointer(there.address()).write(0, values[i], 0, ELEMENTS);
        }
      }
      if (elsewhere) {
        long[] shape = {values.length, ELEMENTS};
        ByteBuffer all = batch.output(output, DataType.INT32, shape, 4L * ELEMENTS * values.length);
        for (int[] own : values) {
          for (int value : own) {
            all.putInt(value);
          }
        }
      }
    }

    @Override
    public void close() {}
  }
}
