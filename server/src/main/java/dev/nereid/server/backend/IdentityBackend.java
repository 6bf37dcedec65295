package dev.nereid.server.backend;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.BackendProvider;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.Parameters;
import java.time.Duration;
import java.util.Map;
import java.util.Set;

/**
 * Triton's {@code identity} backend: answers each output with the bytes of an input, of any type
 * and without a copy. For tests, and for measuring the server itself.
 *
 * <ul>
 *   <li>Output {@code OUTPUTi} has input {@code INPUTi}; a model that names its tensors otherwise
 *       has its i-th output answered with its i-th input.
 *   <li>Parameter {@code execute_delay_ms}: how long each batch takes.
 *   <li>Parameter {@code creation_delay_sec}: how long each instance takes to be made.
 *   <li>Nothing is read from the version's folder, which may be empty.
 * </ul>
 */
public final class IdentityBackend implements Backend {

  private final Pause pause;

  /**
   * @param pause how a delay is spent; a test hands in its own
   */
  public IdentityBackend(Pause pause) {
    this.pause = pause;
  }

  /** The provider of the backend that really waits. */
  public static BackendProvider provider() {
    return provider(duration -> Thread.sleep(duration.toMillis()));
  }

  /** The provider of a backend that waits as the caller says. */
  public static BackendProvider provider(Pause pause) {
    return new BackendProvider() {
      @Override
      public String name() {
        return "identity";
      }

      @Override
      public Backend start(Map<String, String> settings) throws BackendException {
        Parameters.ofBackend(name(), settings).refuseOthers();
        return new IdentityBackend(pause);
      }
    };
  }

  /** Empty: the version's folder is the model. */
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
  public LoadedModel load(ModelSpec spec) throws BackendException {
    Parameters parameters = Parameters.ofModel(spec.source().parameters());
    int executeMillis = parameters.integer("execute_delay_ms", 0, Integer.MAX_VALUE).orElse(0);
    int creationSeconds = parameters.integer("creation_delay_sec", 0, Integer.MAX_VALUE).orElse(0);
    parameters.refuseOthers();
    spec.gpu().refuseAll("identity");
    if (!spec.accelerators().isEmpty()) {
      throw BackendException.ofField(
          "optimization.execution_accelerators: %s (expected: none for backend 'identity')"
              .formatted(spec.accelerators().get(0).name()),
          "optimization",
          "execution_accelerators");
    }
    return new IdentityModel(
        IdentityModel.sources(spec),
        Duration.ofMillis(executeMillis),
        Duration.ofSeconds(creationSeconds),
        pause);
  }
}
