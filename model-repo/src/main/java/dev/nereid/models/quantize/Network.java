package dev.nereid.models.quantize;

import java.io.IOException;
import java.io.OutputStream;

/** A network in one file format. Immutable. */
public interface Network {

  /** The backend that runs it. */
  String backend();

  /** The model's file or folder inside a version's folder, as the backend expects it. */
  String modelFilename();

  /** The one file that {@link #write} fills, relative to the version's folder. */
  String file();

  /**
   * The same network, with 8-bit pixels for an input in place of floats.
   *
   * @param input its name
   * @param channelsFirst where the input's channels stand
   * @param pixels what the network expects of them
   * @throws UnsupportedNetworkException if there is no such input of floats
   */
  Network withPixels(String input, boolean channelsFirst, PixelScale pixels)
      throws UnsupportedNetworkException;

  /** Writes the file; {@code output} stays open. The same network gives the same bytes. */
  void write(OutputStream output) throws IOException;
}
