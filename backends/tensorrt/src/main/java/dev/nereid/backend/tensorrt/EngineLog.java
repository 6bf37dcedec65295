package dev.nereid.backend.tensorrt;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What TensorRT says: into our log, and to whoever is about to fail with it. TensorRT's functions
 * only say that they failed; the reason comes here.
 *
 * <p>Thread-safe: TensorRT calls from threads of its own as well.
 */
final class EngineLog {

  private static final Logger log = LoggerFactory.getLogger("tensorrt");

  private final List<Errors> listening = new CopyOnWriteArrayList<>();

  /**
   * Takes a message; throws nothing, since an exception must not reach the C++ code that called.
   *
   * @param severity of {@code nvinfer1::ILogger}: 0 an internal error, 1 an error, 2 a warning, 3
   *     information, 4 more of it
   */
  void said(int severity, String message) {
    try {
      switch (severity) {
        case 0, 1 -> {
          log.warn("{}", message);
          heard(message);
        }
        case 2 -> log.warn("{}", message);
        case 3 -> log.debug("{}", message);
        default -> log.trace("{}", message);
      }
    } catch (RuntimeException e) {
      log.warn("TensorRT's message was lost: {}", e.toString());
    }
  }

  /** Whether what is said most, and is of the least weight, reaches anybody. */
  boolean isVerbose() {
    return log.isTraceEnabled();
  }

  private void heard(String message) {
    Thread thread = Thread.currentThread();
    boolean mine = listening.stream().anyMatch(errors -> errors.thread == thread);
    for (Errors errors : listening) {
      // A thread of TensorRT's own speaks for somebody, and does not say for whom.
      if (!mine || errors.thread == thread) {
        errors.add(message);
      }
    }
  }

  /** Listens for errors on behalf of this thread, until it is closed. */
  Errors listen() {
    Errors errors = new Errors();
    listening.add(errors);
    return errors;
  }

  /** The errors of one undertaking. */
  final class Errors implements AutoCloseable {
    private static final int MOST = 8;

    private volatile Thread thread = Thread.currentThread();
    private final List<String> messages = new ArrayList<>();

    private synchronized void add(String message) {
      if (messages.size() < MOST && !messages.contains(message)) {
        messages.add(message);
      }
    }

    /** Listens on behalf of another thread from here on. */
    void listenTo(Thread other) {
      thread = other;
    }

    /** Forgets what was heard. */
    synchronized void clear() {
      messages.clear();
    }

    /** Whether anything was heard since {@link #clear}. */
    synchronized boolean any() {
      return !messages.isEmpty();
    }

    /** They go into the message, in their order. */
    synchronized TensorRtException failure(String what) {
      String why = messages.isEmpty() ? "no reason given" : String.join("; ", messages);
      return new TensorRtException(what + ": " + why);
    }

    @Override
    public void close() {
      listening.remove(this);
    }
  }
}
