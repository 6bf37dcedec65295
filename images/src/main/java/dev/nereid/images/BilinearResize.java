package dev.nereid.images;

/**
 * Resizes 8-bit pictures as Pillow's BILINEAR does: a triangle filter whose width grows with the
 * reduction, so that every source pixel counts when a picture shrinks.
 *
 * <p>For an axis of {@code from} pixels resized to {@code to}: scale s = from/to, support w =
 * max(1, s). The target pixel i has its centre at c = (i + ½)·s and averages the source pixels x
 * from ⌊c − w + ½⌋ to ⌊c + w + ½⌋ (not included, cut at the borders) with weights 1 − |x + ½ −
 * c|/w, normalised to 1. Columns are resized first, rows after; each pass rounds to 8 bits, with
 * weights in 22-bit fixed point.
 */
final class BilinearResize {
  private static final int FRACTION_BITS = 22;

  private BilinearResize() {}

  /**
   * @param pixels rows of pixels of interleaved channels, each 0 to 255
   * @return the same layout at the new size
   */
  static int[] resize(
      int[] pixels, int width, int height, int channels, int toWidth, int toHeight) {
    int[] across = new int[toWidth * height * channels];
    Weights columns = Weights.of(width, toWidth);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < toWidth; x++) {
        for (int c = 0; c < channels; c++) {
          across[(y * toWidth + x) * channels + c] =
              columns.apply(pixels, x, y * width * channels + c, channels);
        }
      }
    }
    int[] resized = new int[toWidth * toHeight * channels];
    Weights rows = Weights.of(height, toHeight);
    for (int y = 0; y < toHeight; y++) {
      for (int x = 0; x < toWidth; x++) {
        for (int c = 0; c < channels; c++) {
          resized[(y * toWidth + x) * channels + c] =
              rows.apply(across, y, x * channels + c, toWidth * channels);
        }
      }
    }
    return resized;
  }

  /** For each target pixel of one axis: where its source pixels start and what each weighs. */
  private record Weights(int[] first, int[][] fixed) {

    static Weights of(int from, int to) {
      int[] first = new int[to];
      int[][] fixed = new int[to][];
      double scale = (double) from / to;
      double support = Math.max(1, scale);
      for (int i = 0; i < to; i++) {
        double centre = (i + 0.5) * scale;
        int low = Math.max(0, (int) (centre - support + 0.5));
        int high = Math.min(from, (int) (centre + support + 0.5));
        double[] weights = new double[high - low];
        double sum = 0;
        for (int x = low; x < high; x++) {
          double weight = Math.max(0, 1 - Math.abs((x - centre + 0.5) / support));
          weights[x - low] = weight;
          sum += weight;
        }
        first[i] = low;
        fixed[i] = new int[weights.length];
        for (int x = 0; x < weights.length; x++) {
          fixed[i][x] = (int) Math.floor(0.5 + weights[x] / sum * (1 << FRACTION_BITS));
        }
      }
      return new Weights(first, fixed);
    }

    int apply(int[] source, int i, int offset, int stride) {
      long sum = 1L << (FRACTION_BITS - 1);
      int at = offset + first[i] * stride;
      for (int weight : fixed[i]) {
        sum += (long) source[at] * weight;
        at += stride;
      }
      return (int) Math.max(0, Math.min(255, sum >> FRACTION_BITS));
    }
  }
}
