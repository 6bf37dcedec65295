package dev.nereid.server.endpoint;

import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;

/** Reads a model version as clients write it. */
public final class ModelVersions {

  /** What an empty text stands for: the largest version that is ready. */
  public static final long LATEST = 0;

  private ModelVersions() {}

  /**
   * The version, or {@link #LATEST} for an empty text.
   *
   * @throws InferenceException INVALID_ARGUMENT unless it is a number above 0, with Triton's text
   */
  public static long parse(String text) throws InferenceException {
    if (text.isEmpty()) {
      return LATEST;
    }
    long version;
    try {
      version = Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new InferenceException(
          StatusCode.INVALID_ARGUMENT,
          "failed to get model version from specified version string '"
              + text
              + "' (details: stol), version should be an integral value > 0");
    }
    if (version <= 0) {
      throw new InferenceException(
          StatusCode.INVALID_ARGUMENT,
          "invalid model version specified '"
              + text
              + "' , version should be an integral value > 0");
    }
    return version;
  }
}
