package dev.nereid.server.backend;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.BackendProvider;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The backends of this process, by name: those built in, and those in {@code
 * <backend-directory>/<name>/*.jar}.
 *
 * <ul>
 *   <li>A backend starts when the first model asks for it, once; models that ask meanwhile wait.
 *   <li>One that fails to start fails every model that asks for it, with the same reason, and no
 *       other.
 *   <li>Each folder has a class loader of its own ({@link BackendClassLoader}), so that two
 *       backends, or a backend and the server, may carry different versions of one library.
 * </ul>
 *
 * Thread-safe.
 */
public final class BackendRegistry implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(BackendRegistry.class);

  private final List<Path> directories;
  private final Map<String, Map<String, String>> settings;
  private final Map<String, BackendProvider> builtIn = new HashMap<>();
  private final Map<String, Slot> slots = new HashMap<>();
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();

  /**
   * @param directories {@code --backend-directory}, behind those that override it: a backend is
   *     taken from the first that has it. They need not exist
   * @param settings {@code --backend-config}'s keys and values, by backend
   * @param builtIn found before any folder
   */
  public BackendRegistry(
      List<Path> directories,
      Map<String, Map<String, String>> settings,
      Collection<BackendProvider> builtIn) {
    this.directories = List.copyOf(directories);
    this.settings = Map.copyOf(settings);
    for (BackendProvider provider : builtIn) {
      this.builtIn.put(provider.name(), provider);
    }
  }

  /**
   * The backend of that name, started. Blocks while it starts.
   *
   * @throws BackendException if there is none, with Triton's text, or if it cannot start
   */
  public Backend backend(String name) throws BackendException {
    Slot slot;
    synchronized (slots) {
      slot = slots.computeIfAbsent(name, ignored -> new Slot());
    }
    return slot.get(() -> start(name));
  }

  private Backend start(String name) throws BackendException {
    BackendProvider provider = builtIn.get(name);
    if (provider == null) {
      provider = BackendFolder.open(directories, name, this::closeLater);
    }
    ScopedBackend backend = ScopedBackend.start(provider, settings.getOrDefault(name, Map.of()));
    closeLater(backend);
    log.info("Backend '{}' is started", name);
    return backend;
  }

  private void closeLater(AutoCloseable resource) {
    synchronized (opened) {
      opened.push(resource);
    }
  }

  /** Closes every backend that was started, and its class loader; call when no model is left. */
  @Override
  public void close() {
    while (true) {
      AutoCloseable resource;
      synchronized (opened) {
        resource = opened.poll();
      }
      if (resource == null) {
        return;
      }
      try {
        resource.close();
      } catch (Exception e) {
        log.warn("A backend did not close", e);
      }
    }
  }

  private interface Start {
    Backend run() throws BackendException;
  }

  /** One backend's outcome: nothing yet, started, or failed for good. */
  private static final class Slot {
    private @Nullable Backend backend;
    private @Nullable BackendException failure;

    synchronized Backend get(Start start) throws BackendException {
      if (failure != null) {
        throw new BackendException(String.valueOf(failure.getMessage()), failure);
      }
      if (backend == null) {
        try {
          backend = start.run();
        } catch (BackendException e) {
          failure = e;
          throw e;
        }
      }
      return backend;
    }
  }
}
