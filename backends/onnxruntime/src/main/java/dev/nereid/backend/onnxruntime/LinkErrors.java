package dev.nereid.backend.onnxruntime;

/** What the dynamic linker said. */
final class LinkErrors {

  private LinkErrors() {}

  /** Which file is missing, and of whom; without the places in which JNA looked besides. */
  static String reason(UnsatisfiedLinkError e) {
    String message = String.valueOf(e.getMessage());
    return message.lines().skip(1).findFirst().orElse(message);
  }
}
