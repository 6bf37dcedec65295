package dev.nereid.server.backend;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.BackendProvider;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
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

  /** Of Triton's identity backend too, but without an effect here: better refused than ignored. */
  private static final Set<String> UNSUPPORTED =
      Set.of("instance_wise_delay_multiplier", "enable_custom_metrics");

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
        if (!settings.isEmpty()) {
          throw new BackendException(
              "--backend-config: identity," + settings + " (expected: no settings)");
        }
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
    Map<String, String> parameters = spec.source().parameters();
    for (String key : UNSUPPORTED) {
      if (parameters.containsKey(key)) {
        throw new BackendException(
            "parameters['" + key + "']: " + parameters.get(key) + " (expected: not set)");
      }
    }
    return new IdentityModel(
        IdentityModel.sources(spec),
        IdentityModel.duration(parameters, "execute_delay_ms", 1),
        IdentityModel.duration(parameters, "creation_delay_sec", 1000),
        pause);
  }
}
