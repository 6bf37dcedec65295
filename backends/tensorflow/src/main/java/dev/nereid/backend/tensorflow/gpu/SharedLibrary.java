package dev.nereid.backend.tensorflow.gpu;

import com.sun.jna.Function;
import com.sun.jna.Library;
import com.sun.jna.NativeLibrary;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** A C library opened by its name, as the dynamic linker finds it. Stays open. Thread-safe. */
final class SharedLibrary {

  /**
   * RTLD_LAZY and RTLD_NODELETE, without RTLD_GLOBAL: nobody else is to find its symbols by this,
   * and it stays when JNA closes what nobody refers to any more, since one of NVIDIA's libraries
   * that is opened once more may end the process.
   */
  private static final int LAZY_LOCAL_AND_KEPT = 0x1001;

  private final NativeLibrary library;

  private SharedLibrary(NativeLibrary library) {
    this.library = library;
  }

  /**
   * @param name as {@code libcudart.so.12}, or a path
   * @throws UnsatisfiedLinkError in the dynamic linker's words
   */
  static SharedLibrary open(String name) {
    return new SharedLibrary(
        NativeLibrary.getInstance(name, Map.of(Library.OPTION_OPEN_FLAGS, LAZY_LOCAL_AND_KEPT)));
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
