package dev.nereid.backend.tensorflow.graph;

/** Why a graph cannot be frozen; the message names the operator, and is shown to users. */
public final class NotFreezable extends Exception {

  private static final long serialVersionUID = 1L;

  public NotFreezable(String message) {
    super(message);
  }

  /**
   * @param why as {@code keeps state}
   */
  static NotFreezable of(String op, String name, String why) {
    return new NotFreezable("operator '" + name + "' (" + op + ") " + why);
  }
}
