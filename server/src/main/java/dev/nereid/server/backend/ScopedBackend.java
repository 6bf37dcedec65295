package dev.nereid.server.backend;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.BackendProvider;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/**
 * A backend whose slow calls run with its own class loader as the thread's context loader, since
 * engines look their plug-ins up there, and fail with a reason where a class or a native library is
 * missing or the backend breaks its contract.
 *
 * <p>{@link ModelInstance#execute} is not wrapped: it is called as the backend made it.
 */
final class ScopedBackend implements Backend {

  private final Backend backend;
  private final Scope scope;

  private ScopedBackend(Backend backend, Scope scope) {
    this.backend = backend;
    this.scope = scope;
  }

  static ScopedBackend start(BackendProvider provider, Map<String, String> settings)
      throws BackendException {
    Scope scope = new Scope(provider.name(), provider.getClass().getClassLoader());
    return new ScopedBackend(scope.call(() -> provider.start(settings)), scope);
  }

  @Override
  public String defaultModelFilename() {
    return backend.defaultModelFilename();
  }

  @Override
  public Set<InstanceKind> kinds() {
    return backend.kinds();
  }

  @Override
  public int defaultCpuInstanceCount() {
    return backend.defaultCpuInstanceCount();
  }

  @Override
  public int defaultMaxBatchSize() {
    return backend.defaultMaxBatchSize();
  }

  @Override
  public ModelSignature inspect(ModelSource source) throws BackendException {
    return scope.call(() -> backend.inspect(source));
  }

  @Override
  public LoadedModel load(ModelSpec spec) throws BackendException {
    LoadedModel model = scope.call(() -> backend.load(spec));
    return new LoadedModel() {
      @Override
      public ModelInstance createInstance(InstanceSpec instance) throws BackendException {
        return scope.call(() -> model.createInstance(instance));
      }

      @Override
      public void close() {
        model.close();
      }
    };
  }

  @Override
  public void freeze(ModelSource source, Path into) throws BackendException {
    scope.call(
        () -> {
          backend.freeze(source, into);
          return into;
        });
  }

  @Override
  public void close() {
    backend.close();
  }

  private interface Call<T> {
    T run() throws BackendException;
  }

  private record Scope(String backend, ClassLoader loader) {

    <T> T call(Call<T> call) throws BackendException {
      Thread thread = Thread.currentThread();
      ClassLoader before = thread.getContextClassLoader();
      thread.setContextClassLoader(loader);
      try {
        return call.run();
      } catch (LinkageError | RuntimeException e) {
        throw new BackendException("backend '" + backend + "' failed: " + e, e);
      } finally {
        thread.setContextClassLoader(before);
      }
    }
  }
}
