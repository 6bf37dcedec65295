package dev.nereid.server;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * SIGTERM and SIGINT: the first asks for a graceful stop, the second ends the process at once.
 *
 * <p>A shutdown hook would not do: it cannot change the exit code without cutting other hooks off,
 * and it never learns of a second signal. The JDK's own signal class is used by reflection, since
 * the compiler warns of it in a way that cannot be answered.
 */
final class StopSignals {

  private static final Logger log = LoggerFactory.getLogger(StopSignals.class);

  /** As Triton's: a second signal does not wait. */
  private static final int FORCED_EXIT_CODE = 1;

  private final CompletableFuture<String> first = new CompletableFuture<>();
  private final AtomicBoolean seen = new AtomicBoolean();

  private final ProcessEnd end;

  private StopSignals(ProcessEnd end) {
    this.end = end;
  }

  /** Takes the process's signals from now on. */
  static StopSignals install(ProcessEnd end) {
    StopSignals signals = new StopSignals(end);
    for (String name : List.of("TERM", "INT")) {
      try {
        Class<?> signal = Class.forName("sun.misc.Signal");
        Class<?> handler = Class.forName("sun.misc.SignalHandler");
        Object proxy =
            Proxy.newProxyInstance(
                StopSignals.class.getClassLoader(),
                new Class<?>[] {handler},
                (self, method, arguments) -> signals.answer(self, method, arguments, name));
        signal
            .getMethod("handle", signal, handler)
            .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
      } catch (ReflectiveOperationException e) {
        log.warn("SIG{} cannot be handled and ends the server at once: {}", name, e.toString());
      }
    }
    return signals;
  }

  private Object answer(Object self, Method method, Object[] arguments, String name) {
    return switch (method.getName()) {
      case "equals" -> self == arguments[0];
      case "hashCode" -> System.identityHashCode(self);
      case "toString" -> "handler of SIG" + name;
      default -> {
        received("SIG" + name);
        yield self;
      }
    };
  }

  private void received(String name) {
    if (seen.compareAndSet(false, true)) {
      first.complete(name);
    } else {
      end.at(FORCED_EXIT_CODE);
    }
  }

  /** Completed by the first signal, with its name. */
  CompletableFuture<String> first() {
    return first;
  }
}
