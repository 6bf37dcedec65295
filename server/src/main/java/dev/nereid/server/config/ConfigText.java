package dev.nereid.server.config;

import com.google.protobuf.TextFormat;
import dev.nereid.protocol.ModelConfig;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A {@code config.pbtxt} as it was written, which still knows where each of its fields stands. */
final class ConfigText {

  /** No file that a person or a tool wrote for a model comes near it. */
  static final int MAX_BYTES = 4 << 20;

  /** protobuf takes time in the square of a number's digits before it says that it is too large. */
  static final int MAX_DIGITS = 100_000;

  private static final TextFormat.Parser PARSER =
      TextFormat.Parser.newBuilder()
          .setSingularOverwritePolicy(
              TextFormat.Parser.SingularOverwritePolicy.FORBID_SINGULAR_OVERWRITES)
          .build();

  /** How protobuf says which name it does not know: {@code 3:1:\tinference.ModelConfig.nme}. */
  private static final Pattern UNKNOWN_FIELD =
      Pattern.compile("\\R(\\d+):(\\d+):\\t(\\S+)\\.([^.\\s]+)");

  private final @Nullable Path file;
  private final ModelConfig config;
  private final Map<String, List<FieldPlaces.Place>> places;

  private ConfigText(
      @Nullable Path file, ModelConfig config, Map<String, List<FieldPlaces.Place>> places) {
    this.file = file;
    this.config = config;
    this.places = places;
  }

  /** Of a model that has no file. */
  static ConfigText absent() {
    return new ConfigText(null, ModelConfig.getDefaultInstance(), Map.of());
  }

  /**
   * Reads a file. A field that is given twice, but is not repeated, is an error, as is a name that
   * the configuration does not have.
   */
  static ConfigText read(Path file) throws ConfigException {
    byte[] bytes;
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      // To open a named pipe would wait for somebody to write to it.
      throw new ConfigException(file + ": no regular file (expected: one)");
    }
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(MAX_BYTES + 1);
    } catch (IOException e) {
      throw new ConfigException(file + ": cannot be read: " + e, e);
    }
    if (bytes.length > MAX_BYTES) {
      throw new ConfigException(file + ": more than " + MAX_BYTES + " bytes (expected: fewer)");
    }
    if (startsWithMark(bytes)) {
      // It cannot be seen in an editor, nor in protobuf's own error.
      throw new ConfigException(file + ":1:1: a byte order mark (expected: UTF-8 without one)");
    }
    CharSequence text = decode(file, bytes);
    checkDigits(file, text);
    ModelConfig.Builder config = ModelConfig.newBuilder();
    try {
      PARSER.merge(text, config);
    } catch (TextFormat.ParseException e) {
      throw new ConfigException(file + ":" + describe(e), e);
    }
    return new ConfigText(file, config.build(), FieldPlaces.of(text));
  }

  private static String describe(TextFormat.ParseException e) {
    String message = String.valueOf(e.getMessage());
    Matcher unknown = UNKNOWN_FIELD.matcher(message);
    if (unknown.find()) {
      return "%s:%s: %s: unknown field (expected: a field of %s)"
          .formatted(unknown.group(1), unknown.group(2), unknown.group(4), unknown.group(3));
    }
    return message;
  }

  private static boolean startsWithMark(byte[] bytes) {
    return bytes.length >= 3
        && bytes[0] == (byte) 0xef
        && bytes[1] == (byte) 0xbb
        && bytes[2] == (byte) 0xbf;
  }

  private static void checkDigits(Path file, CharSequence text) throws ConfigException {
    int digits = 0;
    for (int i = 0; i < text.length(); i++) {
      digits = Character.digit(text.charAt(i), 16) < 0 ? 0 : digits + 1;
      if (digits > MAX_DIGITS) {
        throw new ConfigException(
            file + ": more than " + MAX_DIGITS + " digits in a row (expected: fewer)");
      }
    }
  }

  private static CharBuffer decode(Path file, byte[] bytes) throws ConfigException {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    CoderResult result = decoder.decode(in, out, true);
    if (result.isError()) {
      int line = 1;
      int lineStart = 0;
      for (int i = 0; i < in.position(); i++) {
        if (bytes[i] == '\n') {
          line++;
          lineStart = i + 1;
        }
      }
      throw new ConfigException(
          "%s:%d:%d: byte 0x%02x (expected: UTF-8)"
              .formatted(file, line, in.position() - lineStart + 1, bytes[in.position()] & 0xff));
    }
    return out.flip();
  }

  /** Whether there is a file. */
  boolean isPresent() {
    return file != null;
  }

  /** What it says, and no more. */
  ModelConfig config() {
    return config;
  }

  /**
   * A value that cannot be, as {@code <file>:<line>:<column>: field: value (expected: rule)}.
   *
   * @param path names of fields and, for those that repeat, an index behind each: {@code
   *     "instance_group", 0, "count"}
   */
  ConfigException refuse(Object value, String expected, Object... path) {
    return refuse(value, expected, List.of(path));
  }

  ConfigException refuse(Object value, String expected, List<Object> path) {
    return new ConfigException(
        location(path) + render(path) + ": " + value + " (expected: " + expected + ")");
  }

  /**
   * The same in the words of Triton, or of a backend, as {@code <file>:<line>:<column>: words}.
   *
   * @param path of the field that is to blame; behind a map's name may stand a key of it
   */
  ConfigException fail(String words, Object... path) {
    return new ConfigException(location(List.of(path)) + words);
  }

  private static String render(List<Object> path) {
    StringBuilder text = new StringBuilder();
    for (Object step : path) {
      if (step instanceof Integer) {
        text.append('[').append(step).append(']');
      } else {
        text.append(text.isEmpty() ? "" : ".").append(step);
      }
    }
    return text.toString();
  }

  /** Of the innermost step of the path that the file has; empty where it has none. */
  private String location(List<Object> path) {
    if (file == null) {
      return "";
    }
    Map<String, List<FieldPlaces.Place>> fields = places;
    String found = file + ": ";
    for (int i = 0; i < path.size(); i++) {
      List<FieldPlaces.Place> values = fields.getOrDefault(path.get(i).toString(), List.of());
      int index = 0;
      if (i + 1 < path.size() && path.get(i + 1) instanceof Integer next) {
        index = next;
        i++;
      } else if (i + 1 < path.size()) {
        index = entry(values, path.get(i + 1).toString());
      }
      if (index >= values.size()) {
        break;
      }
      FieldPlaces.Place place = values.get(index);
      found = file + ":" + place.line() + ":" + place.column() + ": ";
      fields = place.fields();
    }
    return found;
  }

  /** The last entry of a map with that key; the first value where there is none, or no map. */
  private static int entry(List<FieldPlaces.Place> values, String key) {
    for (int i = values.size() - 1; i > 0; i--) {
      List<FieldPlaces.Place> keys = values.get(i).fields().getOrDefault("key", List.of());
      if (keys.size() == 1 && keys.get(0).text().equals(key)) {
        return i;
      }
    }
    return 0;
  }
}
