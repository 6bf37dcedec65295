package dev.nereid.server;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends this process even where {@code exit(3)} does not return. Both {@link System#exit} and {@link
 * Runtime#halt} call it, and it runs what native libraries registered: CUDA's driver waits there
 * for the GPU's work to finish, for ever where a kernel hangs.
 */
final class ProcessEnd {

  private static final Logger log = LoggerFactory.getLogger(ProcessEnd.class);

  /** The code of a process that the alarm ended. */
  static final int SIGALRM = 14;

  private static final int PATIENCE_SECONDS = 15;

  /** The C library's functions. */
  private record Calls(Function exit, Function signal, Function alarm) {}

  private final @Nullable Calls calls;

  private ProcessEnd(@Nullable Calls calls) {
    this.calls = calls;
  }

  /** Finds what it needs now, as the end is no time to look for a library. */
  static ProcessEnd prepare() {
    try {
      NativeLibrary c = NativeLibrary.getInstance("c");
      return new ProcessEnd(
          new Calls(c.getFunction("_exit"), c.getFunction("signal"), c.getFunction("alarm")));
    } catch (LinkageError | RuntimeException e) {
      log.warn("A native library that hangs at the end will keep the process: {}", e.toString());
      return new ProcessEnd(null);
    }
  }

  /** Ends the process now, without anything of Java's or of native libraries that is to be last. */
  void at(int exitCode) {
    try {
      if (calls != null) {
        calls.exit.invokeVoid(new Object[] {exitCode});
      }
    } finally {
      Runtime.getRuntime().halt(exitCode);
    }
  }

  /**
   * Has the kernel end the process with {@value #SIGALRM}, if it is still there in {@value
   * #PATIENCE_SECONDS} seconds. No thread of Java's could: none runs once the JVM has begun to end.
   * The signal gets a handler, since the first process of a container ignores it otherwise.
   */
  void guard() {
    if (calls != null) {
      calls.signal.invokeVoid(new Object[] {SIGALRM, calls.exit});
      calls.alarm.invokeVoid(new Object[] {PATIENCE_SECONDS});
    }
  }
}
