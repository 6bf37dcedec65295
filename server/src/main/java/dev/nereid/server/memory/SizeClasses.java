package dev.nereid.server.memory;

/**
 * The sizes that slabs come in: 64 bytes, then four steps to every power of two, so that at most a
 * quarter of a slab is idle.
 */
final class SizeClasses {

  static final int SMALLEST_BYTES = 64;

  /** Classes up to the largest slab, 7/4 of 2^30 bytes. */
  static final int COUNT = indexOf(7 << 28) + 1;

  private static final int SMALLEST_SHIFT = 6;

  private SizeClasses() {}

  /** The smallest class that holds so many bytes; those are at most 7 * 2^28. */
  static int indexOf(int bytes) {
    if (bytes <= SMALLEST_BYTES) {
      return 0;
    }
    int shift = 31 - Integer.numberOfLeadingZeros(bytes - 1);
    int quarter = (bytes - 1 - (1 << shift)) >>> (shift - 2);
    return 4 * (shift - SMALLEST_SHIFT) + quarter + 1;
  }

  /** Bytes of a slab of that class. */
  static int bytes(int index) {
    int shift = SMALLEST_SHIFT + index / 4;
    return (1 << shift) + (index % 4 << (shift - 2));
  }
}
