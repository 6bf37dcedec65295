package dev.nereid.server.gpu;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What {@code --dcgm-address} says: DCGM inside this process, where it is installed; none; or a
 * host engine at an address.
 *
 * @param wanted false for none
 * @param address as {@code host} or {@code host:port}; empty for this process
 */
public record DcgmOption(boolean wanted, Optional<String> address) {

  /** In this process, if it is installed. */
  public static final DcgmOption EMBEDDED = new DcgmOption(true, Optional.empty());

  private static final DcgmOption NONE = new DcgmOption(false, Optional.empty());

  private static final Pattern ADDRESS =
      Pattern.compile("(?:[A-Za-z0-9._-]+|\\[[0-9A-Fa-f:]+\\])(?::(\\d{1,5}))?");

  private static final int LAST_PORT = 65535;

  /**
   * @throws IllegalArgumentException if it is none of {@code embedded}, {@code none} and an address
   */
  public static DcgmOption parse(String text) {
    if (text.equals("embedded")) {
      return EMBEDDED;
    }
    if (text.equals("none")) {
      return NONE;
    }
    Matcher matcher = ADDRESS.matcher(text);
    boolean valid = matcher.matches();
    if (valid && matcher.group(1) != null) {
      int port = Integer.parseInt(matcher.group(1));
      valid = port >= 1 && port <= LAST_PORT;
    }
    if (!valid) {
      throw new IllegalArgumentException(text + " (expected: embedded, none or <host>[:<port>])");
    }
    return new DcgmOption(true, Optional.of(text));
  }
}
