package dev.nereid.server.backend;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.Batch;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import dev.nereid.tensor.Shapes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A model of {@link IdentityBackend}. */
final class IdentityModel implements LoadedModel {

  /** An output and the input that answers it. */
  record Source(String output, String input) {}

  private final List<Source> sources;
  private final Duration executeDelay;
  private final Duration creationDelay;
  private final Pause pause;

  IdentityModel(List<Source> sources, Duration executeDelay, Duration creationDelay, Pause pause) {
    this.sources = List.copyOf(sources);
    this.executeDelay = executeDelay;
    this.creationDelay = creationDelay;
    this.pause = pause;
  }

  /**
   * Finds the input of every output.
   *
   * @throws BackendException if there is none, or its type or shape is another
   */
  static List<Source> sources(ModelSpec spec) throws BackendException {
    List<Source> sources = new ArrayList<>();
    for (int i = 0; i < spec.outputs().size(); i++) {
      TensorSpec output = spec.outputs().get(i);
      TensorSpec input = inputOf(spec, i);
      if (input.type() != output.type()) {
        throw new BackendException(
            "output '%s': %s (expected: %s, the type of input '%s')"
                .formatted(output.name(), output.type(), input.type(), input.name()));
      }
      if (!Arrays.equals(input.shape(), output.shape())) {
        throw new BackendException(
            "output '%s': %s (expected: %s, the shape of input '%s')"
                .formatted(
                    output.name(),
                    Shapes.text(output.shape()),
                    Shapes.text(input.shape()),
                    input.name()));
      }
      sources.add(new Source(output.name(), input.name()));
    }
    return sources;
  }

  private static TensorSpec inputOf(ModelSpec spec, int position) throws BackendException {
    String output = spec.outputs().get(position).name();
    if (output.startsWith("OUTPUT")) {
      String name = "INPUT" + output.substring("OUTPUT".length());
      for (TensorSpec input : spec.inputs()) {
        if (input.name().equals(name)) {
          return input;
        }
      }
    }
    if (position >= spec.inputs().size()) {
      throw new BackendException(
          "output '%s': number %d of the outputs (expected: at most as many as the %d inputs)"
              .formatted(output, position + 1, spec.inputs().size()));
    }
    return spec.inputs().get(position);
  }

  @Override
  public ModelInstance createInstance(InstanceSpec spec) throws BackendException {
    spend(creationDelay);
    return new Instance();
  }

  @Override
  public void close() {}

  private void spend(Duration duration) throws BackendException {
    if (duration.isZero()) {
      return;
    }
    try {
      pause.spend(duration);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BackendException("interrupted in a delay of " + duration.toMillis() + " ms", e);
    }
  }

  private final class Instance implements ModelInstance {

    @Override
    public void execute(Batch batch) throws BackendException {
      batch.inferStarts();
      spend(executeDelay);
      batch.inferEnds();
      for (Source source : sources) {
        // An optional input that was left out leaves its output out too.
        if (batch.wantsOutput(source.output()) && batch.entry(0).input(source.input()) != null) {
          batch.outputFromInput(source.output(), source.input());
        }
      }
    }

    @Override
    public void close() {}
  }
}
