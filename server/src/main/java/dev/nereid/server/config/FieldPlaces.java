package dev.nereid.server.config;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Where the fields of a protobuf text stand. protobuf-java tells it for a field but not for each
 * element of a list in brackets, which is how most configs write their tensors.
 *
 * <p>Made from text that protobuf has accepted, so that it need not judge it: fields are a name, a
 * colon that may be left out before a message, and a value or a list of values in brackets.
 */
final class FieldPlaces {

  /**
   * One value.
   *
   * @param line from 1
   * @param column from 1, in characters
   * @param text of a scalar as it is written, without its quotes; empty for a message
   * @param fields inside it, by name, in the order of their values; none in a scalar
   */
  record Place(int line, int column, String text, Map<String, List<Place>> fields) {}

  private final CharSequence text;
  private int at;
  private int line = 1;
  private int lineStart;

  private FieldPlaces(CharSequence text) {
    this.text = text;
  }

  /** The fields at the top of a text that is valid. */
  static Map<String, List<Place>> of(CharSequence text) {
    FieldPlaces places = new FieldPlaces(text);
    places.skipBlank();
    return places.fields();
  }

  /**
   * Up to the end of the message, or of the text; what closes the message is left to its caller.
   */
  private Map<String, List<Place>> fields() {
    Map<String, List<Place>> fields = new HashMap<>();
    while (at < text.length() && !isAt("}>")) {
      int nameLine = line;
      int nameColumn = column();
      int start = at;
      word();
      List<Place> places =
          fields.computeIfAbsent(text.subSequence(start, at).toString(), n -> new ArrayList<>());
      skipBlank();
      skip(":");
      if (skip("[")) {
        while (at < text.length() && !isAt("]")) {
          places.add(value(line, column()));
          skip(",");
        }
        skip("]");
      } else {
        places.add(value(nameLine, nameColumn));
      }
      skip(",;");
    }
    return fields;
  }

  private Place value(int placeLine, int placeColumn) {
    if (skip("{<")) {
      Map<String, List<Place>> fields = fields();
      skip("}>");
      return new Place(placeLine, placeColumn, "", fields);
    }
    StringBuilder scalar = new StringBuilder();
    if (isAt("\"'")) {
      // Strings side by side are one.
      while (isAt("\"'")) {
        string(scalar);
        skipBlank();
      }
    } else {
      int start = at;
      skip("-");
      word();
      scalar.append(text, start, at);
      skipBlank();
    }
    return new Place(placeLine, placeColumn, scalar.toString(), Map.of());
  }

  private void string(StringBuilder content) {
    char quote = text.charAt(at++);
    int start = at;
    while (at < text.length() && text.charAt(at) != quote) {
      at += text.charAt(at) == '\\' ? 2 : 1;
    }
    content.append(text, start, Math.min(at, text.length()));
    at++;
  }

  /** At least one character, so that every round gets on. */
  private void word() {
    do {
      at++;
    } while (at < text.length() && !isBlank() && !isAt("{}<>[]:,;\"'#"));
  }

  private boolean isAt(String characters) {
    return at < text.length() && characters.indexOf(text.charAt(at)) >= 0;
  }

  /** Passes over one of these characters, and what is blank behind it. */
  private boolean skip(String characters) {
    boolean there = isAt(characters);
    if (there) {
      at++;
      skipBlank();
    }
    return there;
  }

  private boolean isBlank() {
    return text.charAt(at) <= ' ';
  }

  private void skipBlank() {
    while (at < text.length() && (isBlank() || isAt("#"))) {
      if (isAt("#")) {
        while (at < text.length() && !isAt("\n")) {
          at++;
        }
      } else if (text.charAt(at++) == '\n') {
        line++;
        lineStart = at;
      }
    }
  }

  private int column() {
    return at - lineStart + 1;
  }
}
