package dev.nereid.server.gpu;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A telemetry library whose functions return 0 or an error, and that has a function for the error's
 * words.
 */
final class NativeCalls {

  private final NativeLibrary library;
  private final String errorText;

  private NativeCalls(NativeLibrary library, String errorText) {
    this.library = library;
    this.errorText = errorText;
  }

  /**
   * Loads the first library that is there.
   *
   * @param names for the system's loader, or paths, in order of preference
   * @param errorText the function that has words for an error
   * @throws TelemetryException if none is
   */
  static NativeCalls load(List<String> names, String errorText) throws TelemetryException {
    @Nullable LinkageError last = null;
    StringBuilder reasons = new StringBuilder();
    for (String name : names) {
      try {
        return new NativeCalls(NativeLibrary.getInstance(name), errorText);
      } catch (LinkageError e) {
        last = e;
        reasons.append(reasons.length() == 0 ? "" : "; ").append(Libraries.reason(name, e));
      }
    }
    throw last == null
        ? new TelemetryException("no library was named")
        : new TelemetryException(reasons.toString(), last);
  }

  /** The file it was loaded from, as far as the loader says. */
  String libraryName() {
    return library.getName();
  }

  boolean has(String function) {
    try {
      Function unused = library.getFunction(function);
      return true;
    } catch (UnsatisfiedLinkError e) {
      return false;
    }
  }

  /**
   * @throws TelemetryException if the library lacks the function, or it returns an error
   */
  void call(String function, @Nullable Object... arguments) throws TelemetryException {
    int code = function(function).invokeInt(arguments);
    if (code != 0) {
      throw new TelemetryException(function, code, text(code));
    }
  }

  /** The library's words for an error. */
  String text(int code) {
    try {
      Pointer text = function(errorText).invokePointer(new Object[] {code});
      return text == null ? "unknown error" : text.getString(0, "UTF-8");
    } catch (TelemetryException e) {
      return "unknown error";
    }
  }

  private Function function(String name) throws TelemetryException {
    try {
      return library.getFunction(name);
    } catch (UnsatisfiedLinkError e) {
      throw new TelemetryException(
          "%s: not in %s (expected: a newer driver)".formatted(name, library.getName()), e);
    }
  }
}
