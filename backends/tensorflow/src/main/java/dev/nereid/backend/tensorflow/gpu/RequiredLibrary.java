package dev.nereid.backend.tensorflow.gpu;

import com.sun.jna.ptr.IntByReference;
import java.util.OptionalLong;

/**
 * A library that TensorFlow 2.16 opens by name before it uses a GPU, and how its version is asked.
 *
 * @param file by which name
 * @param wanted in words, for people
 * @param least of the versions that do, in the library's own numbers; 0 where any does
 * @param most likewise
 * @param asked how it tells
 * @param function that tells
 * @param forTensorRt whether engines alone need it
 */
record RequiredLibrary(
    String file,
    String wanted,
    long least,
    long most,
    Asked asked,
    String function,
    boolean forTensorRt) {

  /** How a library tells its version. */
  enum Asked {
    /** It does not. */
    NOT,
    /** {@code size_t f()}. */
    BY_SIZE,
    /** {@code int f()}. */
    BY_INT,
    /** {@code int f(int*)}, 0 for success. */
    BY_REFERENCE,
    /** {@code int f(int property, int* value)}, where property 0 is the major version. */
    BY_PROPERTY
  }

  static RequiredLibrary present(String file) {
    return new RequiredLibrary(file, "any", 0, 0, Asked.NOT, "", false);
  }

  /** Empty where it does not say. */
  OptionalLong version(SharedLibrary library) {
    return switch (asked) {
      case NOT -> OptionalLong.empty();
      case BY_SIZE -> library.callLong(function);
      case BY_INT -> library.callInt(function);
      case BY_REFERENCE -> {
        IntByReference value = new IntByReference();
        yield library.callInt(function, value).orElse(-1) == 0
            ? OptionalLong.of(value.getValue())
            : OptionalLong.empty();
      }
      case BY_PROPERTY -> {
        IntByReference value = new IntByReference();
        yield library.callInt(function, 0, value).orElse(-1) == 0
            ? OptionalLong.of(value.getValue())
            : OptionalLong.empty();
      }
    };
  }

  boolean suits(OptionalLong version) {
    return least == 0
        || (version.isPresent() && version.getAsLong() >= least && version.getAsLong() <= most);
  }
}
