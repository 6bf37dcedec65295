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

/** A backend that takes its time until the test lets it go on, and says what was closed when. */
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

  /** Counted down when a model is being closed. */
  final CountDownLatch closing = new CountDownLatch(1);

  /** Lets models be closed. */
  final CountDownLatch mayClose;

  final List<String> events = new CopyOnWriteArrayList<>();

  /** A backend whose models close at once. */
  LoadingBackend() {
    this(new CountDownLatch(0));
  }

  LoadingBackend(CountDownLatch mayClose) {
    this.mayClose = mayClose;
  }

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
        await(go);
        return new Instance();
      }

      @Override
      public void close() {
        closing.countDown();
        await(mayClose);
        events.add("model closed");
      }
    };
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
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
