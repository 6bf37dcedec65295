package dev.nereid.backend.tensorflow;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.LanedInstance;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A model on one device: one session, on which every instance there runs, so that weights and
 * engines are there once. Thread-safe.
 */
final class PlacedModel implements AutoCloseable {

  private final TfSession session;
  private final boolean batching;
  private final List<Port> inputs;
  private final List<Port> outputs;
  private final Padding padding;
  private final Style style;
  private final StickyFault fault = new StickyFault();

  /** How its batches are fed and fetched. */
  enum Style {
    /** Copied into TensorFlow's tensors; the outputs that are asked for. */
    ON_CPU,
    /** Likewise, but always every output. */
    ON_GPU,
    /** Read where they lie, of a graph that keeps nothing; always every output. */
    ON_GPU_IN_PLACE
  }

  /**
   * @param session closed with this, and also where this fails
   * @param graphOutputs by an output tensor of the signature, the one of the session's graph
   */
  PlacedModel(
      ModelSpec spec,
      TfSignature signature,
      ModelSignature described,
      TfSession session,
      UnaryOperator<String> graphOutputs,
      Padding padding,
      Style style)
      throws BackendException {
    this.session = session;
    this.batching = spec.isBatching();
    this.padding = padding;
    this.style = style;
    String model = spec.source().modelName();
    boolean whole = false;
    try {
      List<Port> in = new ArrayList<>();
      for (TensorSpec input : spec.inputs()) {
        String tensor = signature.inputTensor(input.name());
        in.add(Port.of(model, input, described.inputs(), tensor, session));
      }
      List<Port> out = new ArrayList<>();
      for (TensorSpec output : spec.outputs()) {
        String tensor = graphOutputs.apply(signature.outputTensor(output.name()));
        out.add(Port.of(model, output, described.outputs(), tensor, session));
      }
      this.inputs = List.copyOf(in);
      this.outputs = List.copyOf(out);
      whole = true;
    } finally {
      if (!whole) {
        session.close();
      }
    }
  }

  TfSession session() {
    return session;
  }

  boolean isBatching() {
    return batching;
  }

  List<Port> inputs() {
    return inputs;
  }

  List<Port> outputs() {
    return outputs;
  }

  Padding padding() {
    return padding;
  }

  boolean fetchesAll() {
    return style != Style.ON_CPU;
  }

  StickyFault fault() {
    return fault;
  }

  Feeder newFeeder() {
    return style == Style.ON_GPU_IN_PLACE ? new InPlaceFeeder(inputs.size()) : new CopyingFeeder();
  }

  /** For runs of this model's inputs; fetches nothing yet. */
  SessionCall newCall() {
    return new SessionCall(
        session.handle(), inputs.stream().map(Port::endpoint).toList(), outputs.size(), null);
  }

  /**
   * @param depth batches that it holds at a time
   */
  ModelInstance createInstance(String name, int depth) {
    List<TensorFlowLane> lanes = new ArrayList<>();
    boolean whole = false;
    try {
      for (int i = 0; i < depth; i++) {
        lanes.add(new TensorFlowLane(this));
      }
      whole = true;
      return new LanedInstance(lanes, () -> {}, name);
    } finally {
      if (!whole) {
        lanes.forEach(TensorFlowLane::close);
      }
    }
  }

  @Override
  public void close() {
    session.close();
  }
}
