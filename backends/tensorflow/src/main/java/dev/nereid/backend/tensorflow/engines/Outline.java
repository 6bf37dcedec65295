package dev.nereid.backend.tensorflow.engines;

import dev.nereid.backend.tensorflow.engines.NodeLines.Line;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What a converted graph looks like around its segments: every operator with its attributes, every
 * edge, the value of every constant, and a node in each segment's place.
 *
 * <p>TensorFlow does not tell what is in a segment, and a segment's name has the number of its
 * conversion in this process, so that it is another at the next load; only its number within the
 * graph stays, since TF-TRT goes through graphs in a fixed order. That order is not relied on. Two
 * graphs of one model with equal outlines may run each other's engines, <b>all of them
 * together</b>: whatever goes into the engines comes from the same operators, whatever comes out
 * goes to the same ones, and what one engine hands to another is between engines of one build. So
 * the whole computes what it did when they were built, even if the operators were spread over the
 * segments in another way. Where an outline is another, nothing that is kept is used.
 *
 * <p>Not part of it is what differs from run to run and changes no answer: how partitions send each
 * other tensors, and names of constants, which TensorFlow makes up when it folds some.
 */
final class Outline {

  /** {@code TRTEngineOp_<conversion of this process>_<segment of the graph>}. */
  private static final Pattern ENGINE = Pattern.compile("TRTEngineOp_[0-9]+_([0-9]+)");

  private final Map<String, Line> byName = new HashMap<>();
  private final Map<String, Line> senders = new HashMap<>();

  private Outline(Collection<Line> nodes) {
    for (Line node : nodes) {
      byName.put(node.name(), node);
      if (isSender(node)) {
        senders.put(node.channel(), node);
      }
    }
  }

  /** The same for the same graph in any order, and in another process. */
  static String digest(Collection<Line> nodes) {
    Outline outline = new Outline(nodes);
    return NodeLines.digest(
        nodes.stream()
            .filter(node -> !isSender(node) && !isReceiver(node) && !node.op().equals("Const"))
            .map(outline::text)
            .sorted()
            .toList());
  }

  /** A segment's name without the number of the conversion. */
  static String stable(String name) {
    return ENGINE.matcher(name).replaceAll("TRTEngineOp_$1");
  }

  private static boolean isSender(Line node) {
    return node.op().equals("_Send") || node.op().equals("_HostSend");
  }

  private static boolean isReceiver(Line node) {
    return node.op().equals("_Recv") || node.op().equals("_HostRecv");
  }

  private String text(Line node) {
    List<String> words = new ArrayList<>();
    words.add(node.op());
    words.add(stable(node.name()));
    words.add(node.precision());
    words.add(node.attributes());
    node.inputs().stream()
        .filter(input -> !input.startsWith("^"))
        .forEach(input -> words.add(source(input)));
    return String.join(" ", words);
  }

  /** Where a tensor comes from, over any number of ways between partitions. */
  private String source(String input) {
    Line node = byName.get(node(input));
    for (int hops = 0; node != null && isReceiver(node) && hops < byName.size(); hops++) {
      Line sender = senders.get(node.channel());
      if (sender == null || sender.inputs().isEmpty()) {
        break;
      }
      input = sender.inputs().get(0);
      node = byName.get(node(input));
    }
    return node != null && node.op().equals("Const") ? "Const=" + node.attributes() : stable(input);
  }

  private static String node(String input) {
    int colon = input.lastIndexOf(':');
    return colon < 0 ? input : input.substring(0, colon);
  }
}
