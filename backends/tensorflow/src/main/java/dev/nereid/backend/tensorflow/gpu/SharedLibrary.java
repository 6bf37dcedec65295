package dev.nereid.backend.tensorflow.gpu;

import com.sun.jna.Function;
import com.sun.jna.Library;
import com.sun.jna.NativeLibrary;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A C library opened by its name, as the dynamic linker finds it. Stays open. Thread-safe. */
final class SharedLibrary {

  /** RTLD_LAZY without RTLD_GLOBAL: nobody else is to find its symbols by this. */
  private static final int LAZY_AND_LOCAL = 1;

  /**
   * Everything that was opened, for as long as the process lives: JNA closes a library that nobody
   * refers to any more, and one of NVIDIA's that is opened once more may end the process.
   */
  private static final Set<NativeLibrary> OPENED = ConcurrentHashMap.newKeySet();

  private final NativeLibrary library;

  private SharedLibrary(NativeLibrary library) {
    this.library = library;
  }

  /**
   * @param name as {@code libcudart.so.12}, or a path
   * @throws UnsatisfiedLinkError in the dynamic linker's words
   */
  static SharedLibrary open(String name) {
    NativeLibrary library =
        NativeLibrary.getInstance(name, Map.of(Library.OPTION_OPEN_FLAGS, LAZY_AND_LOCAL));
    OPENED.add(library);
    return new SharedLibrary(library);
  }

  /** Empty where it is not there. */
  static Optional<SharedLibrary> find(String name) {
    try {
      return Optional.of(open(name));
    } catch (UnsatisfiedLinkError e) {
      return Optional.empty();
    }
  }

  /** Empty where the library has no such function, as an empty one in its place has not. */
  Optional<Function> function(String name) {
    try {
      return Optional.of(library.getFunction(name));
    } catch (UnsatisfiedLinkError e) {
      return Optional.empty();
    }
  }

  /** Calls what returns an {@code int}. */
  OptionalLong callInt(String name, Object... arguments) {
    return function(name)
        .map(function -> OptionalLong.of(function.invokeInt(arguments)))
        .orElse(OptionalLong.empty());
  }

  /** Calls what returns a {@code size_t}. */
  OptionalLong callLong(String name, Object... arguments) {
    return function(name)
        .map(function -> OptionalLong.of(function.invokeLong(arguments)))
        .orElse(OptionalLong.empty());
  }
}
