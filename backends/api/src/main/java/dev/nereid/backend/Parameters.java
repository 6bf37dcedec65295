package dev.nereid.backend;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Named strings, read strictly: a value is refused with {@code name: value (expected: rule)}, and
 * so is every name that nobody asked for, since a misspelt one would silently do nothing.
 *
 * <p>Ask for all that there are, then call {@link #refuseOthers}. Not thread-safe.
 */
public final class Parameters {

  private final String before;
  private final String after;
  private final List<String> field;
  private final Map<String, String> values;
  private final TreeSet<String> known = new TreeSet<>();

  /**
   * @param field of config.pbtxt that holds them; empty where they are not from there
   */
  private Parameters(String before, String after, List<String> field, Map<String, String> values) {
    this.before = before;
    this.after = after;
    this.field = field;
    this.values = new TreeMap<>(values);
  }

  /** {@code parameters} of config.pbtxt; an error calls one {@code parameters['name']}. */
  public static Parameters ofModel(Map<String, String> values) {
    return new Parameters("parameters['", "']", List.of("parameters"), values);
  }

  /** {@code --backend-config} of a backend; an error calls one by the flag that it came in. */
  public static Parameters ofBackend(String backend, Map<String, String> values) {
    return new Parameters("--backend-config=" + backend + ",", "", List.of(), values);
  }

  /** Parameters of an execution accelerator. */
  public static Parameters ofAccelerator(ModelSpec.Accelerator accelerator) {
    return new Parameters(
        "execution_accelerators['" + accelerator.name() + "'].parameters['",
        "']",
        List.of("optimization", "execution_accelerators"),
        accelerator.parameters());
  }

  /** A text as it stands. */
  public Optional<String> text(String name) {
    known.add(name);
    return Optional.ofNullable(values.get(name));
  }

  /** A decimal integer from {@code least} to {@code most}. */
  public OptionalInt integer(String name, int least, int most) throws BackendException {
    Optional<String> text = text(name);
    if (text.isEmpty()) {
      return OptionalInt.empty();
    }
    String rule = "an integer from " + least + " to " + most;
    try {
      int value = Integer.parseInt(text.get().strip());
      if (value >= least && value <= most) {
        return OptionalInt.of(value);
      }
    } catch (NumberFormatException e) {
      throw refusal(name, rule, e);
    }
    throw refusal(name, rule, null);
  }

  /**
   * {@code true}, {@code on} or {@code 1}; {@code false}, {@code off} or {@code 0}; in any case.
   */
  public Optional<Boolean> bool(String name) throws BackendException {
    Optional<String> text = text(name);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    return switch (text.get().strip().toLowerCase(Locale.ROOT)) {
      case "true", "on", "1" -> Optional.of(true);
      case "false", "off", "0" -> Optional.of(false);
      default -> throw refusal(name, "true, on, 1, false, off or 0", null);
    };
  }

  /** All whose name begins so, in the order of their names. */
  public Map<String, String> startingWith(String prefix) {
    known.add(prefix + "*");
    Map<String, String> found = new TreeMap<>();
    values.forEach(
        (name, value) -> {
          if (name.startsWith(prefix)) {
            known.add(name);
            found.put(name, value);
          }
        });
    return found;
  }

  /**
   * What to throw where a value breaks a rule that only the caller knows.
   *
   * @param rule what the error says after {@code expected:}
   */
  public BackendException refusal(String name, String rule) {
    return refusal(name, rule, null);
  }

  /** Refuses whatever was not asked for so far, naming what could have been. */
  public void refuseOthers() throws BackendException {
    for (String name : values.keySet()) {
      if (!known.contains(name)) {
        String names = known.isEmpty() ? "no parameters" : "one of " + String.join(", ", known);
        throw refusal(name, names, null);
      }
    }
  }

  private BackendException refusal(String name, String rule, @Nullable Throwable cause) {
    String message = before + name + after + ": " + values.get(name) + " (expected: " + rule + ")";
    List<String> path = new ArrayList<>(field);
    if (!field.isEmpty()) {
      path.add(name);
    }
    return BackendException.ofField(message, cause, path.toArray(String[]::new));
  }
}
