package dev.nereid.server;

import java.util.Locale;
import java.util.Set;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a flag's {@code true} or {@code false} in the spellings that Triton takes. */
final class BooleanFlag implements ITypeConverter<Boolean> {

  private static final Set<String> TRUE = Set.of("true", "1", "on");
  private static final Set<String> FALSE = Set.of("false", "0", "off");

  /** Every spelling of that value; empty where it is no such value. */
  static Set<String> spellings(String value) {
    String lower = value.toLowerCase(Locale.ROOT);
    return TRUE.contains(lower) ? TRUE : FALSE.contains(lower) ? FALSE : Set.of();
  }

  @Override
  public Boolean convert(String value) {
    Set<String> spellings = spellings(value);
    if (spellings.isEmpty()) {
      throw new TypeConversionException(value + " (expected: true or false)");
    }
    return spellings == TRUE;
  }
}
