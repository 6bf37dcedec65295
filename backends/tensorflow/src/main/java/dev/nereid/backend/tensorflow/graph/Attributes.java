package dev.nereid.backend.tensorflow.graph;

import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.tensorflow.proto.AttrValue;
import org.tensorflow.proto.NameAttrList;
import org.tensorflow.proto.NodeDef;

/** Attributes of nodes: the functions that they name, and what a function's caller fills in. */
final class Attributes {

  private Attributes() {}

  /** Names of the functions that a node's attributes name, as the branches of an {@code If}. */
  static Set<String> functions(NodeDef node) {
    Set<String> names = new LinkedHashSet<>();
    node.getAttrMap().values().forEach(value -> functions(value, names::add));
    return names;
  }

  private static void functions(AttrValue value, Consumer<String> found) {
    if (value.hasFunc()) {
      function(value.getFunc(), found);
    }
    value.getList().getFuncList().forEach(function -> function(function, found));
  }

  private static void function(NameAttrList function, Consumer<String> found) {
    found.accept(function.getName());
    function.getAttrMap().values().forEach(value -> functions(value, found));
  }

  /**
   * A node of a function's body, as it is where the function is called so.
   *
   * @param given the call's attributes
   */
  static NodeDef.Builder instantiated(NodeDef node, Map<String, AttrValue> given)
      throws NotFreezable {
    NodeDef.Builder result = node.toBuilder();
    for (Map.Entry<String, AttrValue> entry : node.getAttrMap().entrySet()) {
      String placeholder = entry.getValue().getPlaceholder();
      if (placeholder.isEmpty()) {
        continue;
      }
      AttrValue value = given.get(placeholder);
      if (value == null) {
        throw NotFreezable.of(
            node.getOp(), node.getName(), "has no value for attribute '" + entry.getKey() + "'");
      }
      result.putAttr(entry.getKey(), value);
    }
    // Colocation names nodes of the body, which have other names from here on.
    return result.removeAttr("_class");
  }
}
