package dev.nereid.backend.onnxruntime;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.Parameters;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Reads the options of an execution provider out of a config's parameters: each under its name
 * there, checked, and under the engine's name handed on. What was not there is not handed on, so
 * that the engine's defaults hold. Not thread-safe.
 */
final class ProviderOptions {

  private static final int LARGEST_BITS = 64;

  private final Parameters parameters;
  private final Map<String, String> options = new TreeMap<>();

  ProviderOptions(Parameters parameters) {
    this.parameters = parameters;
  }

  /** Yes or no, which the engine wants as 1 or 0. */
  void flag(String name, String option) throws BackendException {
    Optional<Boolean> value = parameters.bool(name);
    value.ifPresent(yes -> options.put(option, yes ? "1" : "0"));
  }

  /** A whole number. */
  void integer(String name, String option) throws BackendException {
    parameters
        .integer(name, Integer.MIN_VALUE, Integer.MAX_VALUE)
        .ifPresent(value -> options.put(option, Integer.toString(value)));
  }

  /** A number of bytes, up to 2^64 - 1, which is the engine's "all there is". */
  void bytes(String name, String option) throws BackendException {
    Optional<String> text = parameters.text(name);
    if (text.isEmpty()) {
      return;
    }
    String digits = text.get().strip();
    if (!digits.matches("[0-9]{1,20}") || new BigInteger(digits).bitLength() > LARGEST_BITS) {
      throw parameters.refusal(name, "a number of bytes");
    }
    options.put(option, digits);
  }

  /** One of the words that the engine knows. */
  void word(String name, String option, String... words) throws BackendException {
    Optional<String> text = parameters.text(name);
    if (text.isEmpty()) {
      return;
    }
    List<String> known = Arrays.asList(words);
    if (!known.contains(text.get().strip())) {
      throw parameters.refusal(name, "one of " + String.join(", ", known));
    }
    options.put(option, text.get().strip());
  }

  /** A word chosen by its number, from 0, as an older spelling has it. */
  void numbered(String name, String option, String... words) throws BackendException {
    parameters
        .integer(name, 0, words.length - 1)
        .ifPresent(number -> options.put(option, words[number]));
  }

  /**
   * One of some words, each of which turns an option on.
   *
   * @param optionByWord an empty option for a word that asks for nothing
   */
  void turnOn(String name, Map<String, String> optionByWord) throws BackendException {
    Optional<String> word = parameters.text(name);
    if (word.isEmpty()) {
      return;
    }
    String option = optionByWord.get(word.get().strip());
    if (option == null) {
      throw parameters.refusal(
          name, "one of " + String.join(", ", new TreeSet<>(optionByWord.keySet())));
    }
    if (!option.isEmpty()) {
      options.put(option, "1");
    }
  }

  /** A text as it stands. */
  void text(String name, String option) {
    parameters.text(name).ifPresent(value -> options.put(option, value));
  }

  /** Names that are known and refused all the same. */
  void refuse(String why, String... names) throws BackendException {
    for (String name : names) {
      if (parameters.text(name).isPresent()) {
        throw parameters.refusal(name, "not set, since " + why);
      }
    }
  }

  /** Names that may be written where they say no. */
  void refuseYes(String why, String... names) throws BackendException {
    for (String name : names) {
      if (parameters.bool(name).orElse(false)) {
        throw parameters.refusal(name, "0, since " + why);
      }
    }
  }

  /** What was read, by the engine's names. */
  Map<String, String> options() {
    return Map.copyOf(options);
  }
}
