package dev.nereid.backend.onnxruntime;

import com.sun.jna.Function;
import com.sun.jna.Platform;

/**
 * What ONNX Runtime reports of its use to its maker, over the network: nothing, from here.
 *
 * <p>{@link ai.onnxruntime.OrtEnvironment#setTelemetry} alone comes too late: by the time that
 * there is an environment the engine has started its reporting thread, given the machine an
 * identifier, kept in the user's home, and may have sent a first event. What it heeds before is a
 * variable of the environment, which Java cannot set in its own process; the C library can.
 */
final class Telemetry {

  private static final String VARIABLE = "ORT_DISABLE_TELEMETRY";
  private static final int KEEP = 0;

  private Telemetry() {}

  /** To be called before the engine's library is loaded. A value that the user gave is kept. */
  static void turnOff() {
    if (!Platform.isWindows()) {
      Function.getFunction("c", "setenv").invokeInt(new Object[] {VARIABLE, "1", KEEP});
    }
  }
}
