package dev.nereid.models.quantize;

import java.nio.FloatBuffer;

/**
 * Sees the values of one tensor, picture after picture, in one or more passes over all pictures.
 */
interface RangeObserver {

  /** Passes that it needs to see. */
  int passes();

  /**
   * @param pass from 0
   * @param values read from position to limit
   */
  void see(int pass, FloatBuffer values);

  /** Once all passes are over. */
  Range range();
}
