package dev.nereid.server;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendProvider;
import dev.nereid.backend.Batch;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import dev.nereid.tensor.DataType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A backend, on CPUs and on GPUs that a test makes up, that answers OUTPUT0 with INPUT0 and notes
 * on which device and on which cores it does what.
 */
final class WhereBackend implements Backend {

  private final List<String> notes = new CopyOnWriteArrayList<>();

  BackendProvider provider() {
    return new BackendProvider() {
      @Override
      public String name() {
        return "where";
      }

      @Override
      public Backend start(Map<String, String> settings) {
        return WhereBackend.this;
      }
    };
  }

  /** As {@code made GPU0 on 0-1} and {@code ran GPU0 on 1}. */
  List<String> notes() {
    return notes;
  }

  @Override
  public String defaultModelFilename() {
    return "";
  }

  @Override
  public Set<InstanceKind> kinds() {
    return Set.of(InstanceKind.CPU, InstanceKind.GPU);
  }

  @Override
  public ModelSignature inspect(ModelSource source) {
    return ModelSignature.UNKNOWN;
  }

  @Override
  public LoadedModel load(ModelSpec spec) {
    return new LoadedModel() {
      @Override
      public ModelInstance createInstance(InstanceSpec instance) {
        note("made", instance);
        return new Instance(instance);
      }

      @Override
      public void close() {}
    };
  }

  private void note(String what, InstanceSpec instance) {
    notes.add("%s %s%d on %s".formatted(what, instance.kind(), instance.device(), cores()));
  }

  /** What the kernel says of the thread that asks. */
  static String cores() {
    try {
      return Files.readAllLines(Path.of("/proc/thread-self/status")).stream()
          .filter(line -> line.startsWith("Cpus_allowed_list:"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("?");
    } catch (IOException e) {
      return e.toString();
    }
  }

  private final class Instance implements ModelInstance {

    private final InstanceSpec spec;

    Instance(InstanceSpec spec) {
      this.spec = spec;
    }

    @Override
    public void execute(Batch batch) {
      note("ran", spec);
      batch.inferStarts();
      ByteBuffer input = batch.input("INPUT0");
      batch.inferEnds();
      batch
          .output("OUTPUT0", DataType.FP32, batch.inputShape("INPUT0"), input.remaining())
          .put(input);
    }

    @Override
    public void close() {}
  }
}
