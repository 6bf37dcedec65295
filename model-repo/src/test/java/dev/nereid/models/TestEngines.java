package dev.nereid.models;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.BackendProvider;
import dev.nereid.models.quantize.Engines;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.ConcurrentHashMap;

/** The engines of the class path, each started once and never closed. */
public final class TestEngines implements Engines {

  private static final TestEngines OF_CLASS_PATH = new TestEngines();

  private final Map<String, Backend> started = new ConcurrentHashMap<>();

  private TestEngines() {}

  public static Engines ofClassPath() {
    return OF_CLASS_PATH;
  }

  /** Where nothing that is made needs one. */
  static Engines none() {
    return name -> {
      throw new BackendException("backend '" + name + "' (expected: not to be asked for)");
    };
  }

  @Override
  public Backend backend(String name) throws BackendException {
    Backend backend = started.get(name);
    if (backend == null) {
      BackendProvider provider =
          ServiceLoader.load(BackendProvider.class).stream()
              .map(ServiceLoader.Provider::get)
              .filter(candidate -> candidate.name().equals(name))
              .findFirst()
              .orElseThrow(() -> new BackendException("no backend '" + name + "'"));
      backend = provider.start(Map.of());
      started.put(name, backend);
    }
    return backend;
  }
}
