package dev.nereid.images;

/** A folder of pictures that cannot be used, with the file at fault. */
public final class ImageFolderException extends Exception {
  private static final long serialVersionUID = 1;

  ImageFolderException(String message) {
    super(message);
  }

  ImageFolderException(String message, Throwable cause) {
    super(message, cause);
  }
}
