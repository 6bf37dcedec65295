package dev.nereid.server;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends this process even where {@code exit(3)} does not return. Both {@link System#exit} and {@link
 * Runtime#halt} call it, and it runs what native libraries registered: CUDA's driver waits there
 * for the GPU's work to finish, for ever where a kernel hangs.
 */
final class ProcessEnd {

  private static final Logger log = LoggerFactory.getLogger(ProcessEnd.class);

  private static final Duration LEAST_PATIENCE = Duration.ofSeconds(5);

  private ProcessEnd() {}

  /** Ends the process now, without anything of Java's or of native libraries that is to be last. */
  static void at(int exitCode) {
    call("_exit", exitCode);
    Runtime.getRuntime().halt(exitCode);
  }

  /**
   * Has the kernel end the process, by SIGALRM, if it is still there when that time is over. No
   * thread of Java's could: none runs once the JVM has begun to end.
   *
   * @param patience five seconds, where it is less
   */
  static void within(Duration patience) {
    Duration longer = patience.compareTo(LEAST_PATIENCE) < 0 ? LEAST_PATIENCE : patience;
    call("alarm", Math.toIntExact(longer.toSeconds()));
  }

  private static void call(String name, int argument) {
    try {
      Function function = NativeLibrary.getInstance("c").getFunction(name);
      int unused = function.invokeInt(new Object[] {argument});
    } catch (LinkageError e) {
      log.warn("{} cannot be called: {}", name, e.toString());
    }
  }
}
