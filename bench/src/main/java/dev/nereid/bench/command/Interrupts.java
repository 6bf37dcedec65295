package dev.nereid.bench.command;

import dev.nereid.bench.measure.StopSignal;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Ctrl-C: once ends the measurement, whose report is still written; twice ends the process at once.
 *
 * <p>Tests hand in a source of their own in place of the process's signal.
 */
@FunctionalInterface
public interface Interrupts {

  /** Nobody interrupts. */
  Interrupts NONE = stop -> () -> {};

  /**
   * From now on an interrupt sets {@code stop}.
   *
   * @return undoes it
   */
  Runnable watch(StopSignal stop);

  /**
   * The process's SIGINT. {@code sun.misc.Signal} is the only way to hear it twice, and is reached
   * by reflection since the compiler warns of it under every flag; where it is missing, Ctrl-C ends
   * the process as usual.
   */
  static Interrupts ofProcess() {
    return stop -> {
      AtomicInteger count = new AtomicInteger();
      InvocationHandler handler =
          (proxy, method, arguments) -> {
            switch (method.getName()) {
              case "handle" -> {
                if (count.incrementAndGet() > 1) {
                  Runtime.getRuntime().halt(ExitCode.INTERRUPTED);
                }
                stop.request();
                return null;
              }
              case "equals" -> {
                return proxy == arguments[0];
              }
              case "hashCode" -> {
                return System.identityHashCode(proxy);
              }
              default -> {
                return "Ctrl-C of the bench";
              }
            }
          };
      try {
        Class<?> signalType = Class.forName("sun.misc.Signal");
        Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
        Object signal = signalType.getConstructor(String.class).newInstance("INT");
        Object ours =
            Proxy.newProxyInstance(
                Interrupts.class.getClassLoader(), new Class<?>[] {handlerType}, handler);
        var handle = signalType.getMethod("handle", signalType, handlerType);
        Object before = handle.invoke(null, signal, ours);
        return () -> {
          try {
            handle.invoke(null, signal, before);
          } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
          }
        };
      } catch (ReflectiveOperationException | IllegalArgumentException e) {
        return () -> {};
      }
    };
  }
}
