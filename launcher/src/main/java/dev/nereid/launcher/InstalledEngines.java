package dev.nereid.launcher;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.models.quantize.Engines;
import dev.nereid.server.Distribution;
import dev.nereid.server.backend.BackendRegistry;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The backends of the distribution that this process was started from, each in a class loader of
 * its own, as the server has them. One is started when it is first asked for.
 */
public final class InstalledEngines implements Engines, AutoCloseable {

  private @Nullable BackendRegistry registry;

  @Override
  public synchronized Backend backend(String name) throws BackendException {
    if (registry == null) {
      try {
        registry =
            new BackendRegistry(
                Distribution.backendDirectories(Home.folder().resolve("backends")),
                Map.of(),
                List.of());
      } catch (IllegalStateException e) {
        throw new BackendException(String.valueOf(e.getMessage()), e);
      }
    }
    return registry.backend(name);
  }

  @Override
  public synchronized void close() {
    if (registry != null) {
      registry.close();
      registry = null;
    }
  }
}
