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
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/** A backend whose instances take until the test lets them, and that says what was closed when. */
final class LoadingBackend implements Backend {

  static final String CONFIG =
      """
      backend: "loading"
      input { name: "INPUT0" data_type: TYPE_FP32 dims: 4 }
      output { name: "OUTPUT0" data_type: TYPE_FP32 dims: 4 }
      """;

  /** Counted down when an instance is being made. */
  final CountDownLatch entered = new CountDownLatch(1);

  /** Lets instances be made. */
  final CountDownLatch go = new CountDownLatch(1);

  final List<String> events = new CopyOnWriteArrayList<>();

  BackendProvider provider() {
    return new BackendProvider() {
      @Override
      public String name() {
        return "loading";
      }

      @Override
      public Backend start(Map<String, String> settings) {
        return LoadingBackend.this;
      }
    };
  }

  @Override
  public String defaultModelFilename() {
    return "";
  }

  @Override
  public Set<InstanceKind> kinds() {
    return Set.of(InstanceKind.CPU);
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
        entered.countDown();
        try {
          go.await();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
        return new Instance();
      }

      @Override
      public void close() {
        events.add("model closed");
      }
    };
  }

  @Override
  public void close() {
    events.add("backend closed");
  }

  /** Fails to close, which must keep nothing else open. */
  private final class Instance implements ModelInstance {

    @Override
    public void execute(Batch batch) {}

    @Override
    public void close() {
      events.add("instance closed");
      throw new IllegalStateException("an instance that does not close");
    }
  }
}
