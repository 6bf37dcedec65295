package dev.nereid.models.quantize;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which tensors are quantised.
 *
 * @param readers by tensor, the ids of the layers that read it quantised
 * @param sources by tensor, the one whose range is taken for it: itself, or the one whose values it
 *     holds, since a maximum or another shape needs the same scale on both sides
 */
public record Placement(Map<String, Set<String>> readers, Map<String, String> sources) {

  /** Whether that layer reads that tensor quantised. */
  public boolean isRead(String tensor, String layer) {
    return readers.getOrDefault(tensor, Set.of()).contains(layer);
  }

  /** Every tensor whose range has to be known, in the network's order. */
  public Set<String> measured() {
    return new LinkedHashSet<>(sources.values());
  }

  /**
   * Every tensor that an 8-bit layer reads or makes, so that neighbours hand 8 bits to each other.
   * What ONNX Runtime fuses, and what TensorRT wants where ranges are given without layers that
   * quantise (as TF-TRT gives them).
   *
   * <p>What a matrix product makes is left alone unless another 8-bit layer reads it: it is most
   * often the answer, and costs little to be exact.
   */
  public static Placement surrounding(Layers layers) {
    Layers.Wiring wiring = layers.wiring();
    Map<String, Set<String>> readers = new LinkedHashMap<>();
    for (Layer layer : layers.all()) {
      boolean reached = layer.activations().stream().anyMatch(readers::containsKey);
      switch (layer.kind()) {
        case CONVOLUTION -> {
          surround(layer.activations().get(0), wiring, readers);
          surround(wiring.fusedOutput(layer), wiring, readers);
        }
        case PRODUCT -> surround(layer.activations().get(0), wiring, readers);
        case ADDITION, MIXING -> {
          if (reached) {
            layer.activations().forEach(tensor -> surround(tensor, wiring, readers));
            surround(wiring.fusedOutput(layer), wiring, readers);
          }
        }
        case SAME_VALUES -> {
          if (reached) {
            surround(layer.output(), wiring, readers);
          }
        }
        case FOLDED, ACTIVATION, OTHER -> {
          // Part of the layer before, or in floating point.
        }
      }
    }
    Map<String, String> sources = new LinkedHashMap<>();
    readers.keySet().forEach(tensor -> sources.put(tensor, wiring.source(tensor)));
    return new Placement(readers, sources);
  }

  private static void surround(
      String tensor, Layers.Wiring wiring, Map<String, Set<String>> readers) {
    List<Layer> all = wiring.readers(tensor);
    if (all.isEmpty() || readers.containsKey(tensor)) {
      return;
    }
    wiring
        .maker(tensor)
        .filter(maker -> maker.kind() == Layer.Kind.SAME_VALUES)
        .ifPresent(maker -> surround(maker.activations().get(0), wiring, readers));
    Set<String> ids = new TreeSet<>();
    all.forEach(reader -> ids.add(reader.id()));
    readers.put(tensor, ids);
  }

  /**
   * What weighted layers read, and the shortcut of a residual sum: what TensorRT asks of a network
   * with layers that quantise. It finds for itself how far to the front it may quantise; the other
   * side of the sum stays as the convolution makes it, so that the sum becomes part of that
   * convolution.
   */
  public static Placement ofInputs(Layers layers) {
    Layers.Wiring wiring = layers.wiring();
    Map<String, Set<String>> readers = new LinkedHashMap<>();
    Set<String> reached = new LinkedHashSet<>();
    for (Layer layer : layers.all()) {
      boolean behind = layer.activations().stream().anyMatch(reached::contains);
      switch (layer.kind()) {
        case CONVOLUTION, PRODUCT -> read(layer.activations().get(0), layer, readers);
        case ADDITION -> {
          if (behind) {
            shortcut(layer, layers, wiring, readers);
          }
        }
        case MIXING -> {
          if (behind && layer.activations().size() == 1) {
            read(layer.activations().get(0), layer, readers);
          }
        }
        case FOLDED, ACTIVATION, SAME_VALUES, OTHER -> {
          // TensorRT moves quantisation past these by itself, or leaves them in floating point.
        }
      }
      if (layer.isWeighted() || (behind && layer.kind() != Layer.Kind.OTHER)) {
        reached.add(layer.output());
      }
    }
    Map<String, String> sources = new LinkedHashMap<>();
    readers.keySet().forEach(tensor -> sources.put(tensor, tensor));
    return new Placement(readers, sources);
  }

  private static void shortcut(
      Layer sum, Layers layers, Layers.Wiring wiring, Map<String, Set<String>> readers) {
    // Of two convolutions the one that is made later: the other is a projection of the shortcut.
    Optional<String> main =
        sum.activations().stream()
            .filter(tensor -> isConvolutionFor(sum, tensor, wiring))
            .max(
                Comparator.comparingInt(
                    tensor -> layers.all().indexOf(wiring.maker(tensor).orElseThrow())));
    if (main.isPresent()) {
      for (String tensor : sum.activations()) {
        if (!tensor.equals(main.get())) {
          read(tensor, sum, readers);
        }
      }
    }
  }

  private static boolean isConvolutionFor(Layer sum, String tensor, Layers.Wiring wiring) {
    if (wiring.onlyReader(tensor).filter(sum::equals).isEmpty()) {
      return false;
    }
    Layer maker = wiring.maker(tensor).orElse(null);
    while (maker != null && maker.kind() == Layer.Kind.FOLDED) {
      maker = wiring.maker(maker.activations().get(0)).orElse(null);
    }
    return maker != null && maker.kind() == Layer.Kind.CONVOLUTION;
  }

  private static void read(String tensor, Layer reader, Map<String, Set<String>> readers) {
    readers.computeIfAbsent(tensor, ignored -> new TreeSet<>()).add(reader.id());
  }
}
