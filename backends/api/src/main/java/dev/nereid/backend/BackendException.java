package dev.nereid.backend;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Why a model cannot be loaded, or a batch cannot be run. The message is shown to users. */
public final class BackendException extends Exception {

  private static final long serialVersionUID = 1L;

  private final String[] field;

  public BackendException(String message) {
    super(message);
    field = new String[0];
  }

  public BackendException(String message, Throwable cause) {
    super(message, cause);
    field = new String[0];
  }

  private BackendException(String message, @Nullable Throwable cause, String[] field) {
    super(message, cause);
    this.field = field.clone();
  }

  /**
   * For a value of {@code config.pbtxt} that is refused; the server adds where it stands.
   *
   * @param message in full, with the field's name
   * @param field names from the top, a key of a map behind the map's: {@code "parameters",
   *     "intra_op_thread_count"}
   */
  public static BackendException ofField(String message, String... field) {
    return new BackendException(message, null, field);
  }

  static BackendException ofField(String message, @Nullable Throwable cause, String... field) {
    return new BackendException(message, cause, field);
  }

  /** The field of {@code config.pbtxt} that is to blame; empty where none is. */
  public List<String> field() {
    return List.of(field);
  }
}
