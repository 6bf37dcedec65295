package dev.nereid.backend.tensorflow.graph;

import org.tensorflow.proto.FunctionDef;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;

/** Puts a graph on a device. */
public final class DevicePlacement {

  private DevicePlacement() {}

  /** TensorFlow's name of a GPU of this process. */
  public static String gpu(int index) {
    return "/device:GPU:" + index;
  }

  /**
   * The graph with every node that names no device, or names another GPU, on this one. What has no
   * kernel there goes to the CPU where the session allows soft placement.
   */
  public static GraphDef on(String device, GraphDef graph) {
    GraphDef.Builder placed = graph.toBuilder();
    for (int i = 0; i < placed.getNodeCount(); i++) {
      placed.setNode(i, on(device, placed.getNode(i)));
    }
    for (int i = 0; i < placed.getLibrary().getFunctionCount(); i++) {
      FunctionDef.Builder function = placed.getLibrary().getFunction(i).toBuilder();
      for (int j = 0; j < function.getNodeDefCount(); j++) {
        function.setNodeDef(j, on(device, function.getNodeDef(j)));
      }
      placed.getLibraryBuilder().setFunction(i, function);
    }
    return placed.build();
  }

  private static NodeDef on(String device, NodeDef node) {
    boolean ours = node.getDevice().isEmpty() || node.getDevice().contains("GPU:");
    return ours ? node.toBuilder().setDevice(device).build() : node;
  }
}
