package dev.nereid.server;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.BackendProvider;
import dev.nereid.backend.Batch;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A backend whose instances fail their first batch and are dead afterwards, as on a lost GPU. */
public final class MortalBackend implements Backend {

  public static final String FAULT = "the device is lost";

  public static BackendProvider provider() {
    return new BackendProvider() {
      @Override
      public String name() {
        return "mortal";
      }

      @Override
      public Backend start(Map<String, String> settings) {
        return new MortalBackend();
      }
    };
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
        return new Instance();
      }

      @Override
      public void close() {}
    };
  }

  private static final class Instance implements ModelInstance {

    private boolean dead;

    @Override
    public void execute(Batch batch) throws BackendException {
      dead = true;
      throw new BackendException(FAULT);
    }

    @Override
    public Optional<String> fault() {
      return dead ? Optional.of(FAULT) : Optional.empty();
    }

    @Override
    public void close() {}
  }
}
