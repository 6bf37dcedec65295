package dev.nereid.models.quantize;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A network as its layers, in an order in which every tensor is made before it is read.
 *
 * @param outputs the network's own, which somebody outside of it reads
 */
public record Layers(List<Layer> all, Set<String> outputs) {

  public Layers {
    all = List.copyOf(all);
    outputs = Set.copyOf(outputs);
  }

  /** What comes of a layer once its bias, batch norm and activation are part of it. */
  public String fusedOutput(Layer layer) {
    return wiring().fusedOutput(layer);
  }

  /** Layers that 8 bits make faster. */
  public int weighted() {
    return (int) all.stream().filter(Layer::isWeighted).count();
  }

  /** Who reads what, and who makes it. */
  Wiring wiring() {
    Map<String, Layer> makers = new HashMap<>();
    Map<String, List<Layer>> readers = new HashMap<>();
    for (Layer layer : all) {
      makers.put(layer.output(), layer);
      for (String tensor : layer.activations()) {
        readers.computeIfAbsent(tensor, ignored -> new ArrayList<>()).add(layer);
      }
    }
    return new Wiring(makers, readers, outputs);
  }

  record Wiring(
      Map<String, Layer> makers, Map<String, List<Layer>> readersByTensor, Set<String> outputs) {

    Optional<Layer> maker(String tensor) {
      return Optional.ofNullable(makers.get(tensor));
    }

    List<Layer> readers(String tensor) {
      return readersByTensor.getOrDefault(tensor, List.of());
    }

    /** The one layer that reads a tensor which nobody outside reads. */
    Optional<Layer> onlyReader(String tensor) {
      List<Layer> readers = readers(tensor);
      return readers.size() == 1 && !outputs.contains(tensor)
          ? Optional.of(readers.get(0))
          : Optional.empty();
    }

    /** What comes of a layer once its bias, batch norm and activation are part of it. */
    String fusedOutput(Layer layer) {
      String tensor = layer.output();
      Optional<Layer> next = onlyReader(tensor);
      while (next.isPresent() && next.get().kind() == Layer.Kind.FOLDED) {
        tensor = next.get().output();
        next = onlyReader(tensor);
      }
      return next.filter(reader -> reader.kind() == Layer.Kind.ACTIVATION)
          .map(Layer::output)
          .orElse(tensor);
    }

    /** The tensor whose values another one holds, where layers between make none of their own. */
    String source(String tensor) {
      Optional<Layer> maker = maker(tensor);
      while (maker.isPresent() && maker.get().kind() == Layer.Kind.SAME_VALUES) {
        tensor = maker.get().activations().get(0);
        maker = maker(tensor);
      }
      return tensor;
    }
  }
}
