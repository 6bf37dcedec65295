package dev.nereid.models.resnet;

import java.nio.charset.StandardCharsets;

/**
 * An endless sequence of numbers that depends on a seed and a name alone, on any machine and any
 * JDK.
 *
 * <p>Number {@code i} is SplitMix64's {@code i}-th output for the state {@code mix(seed xor
 * fnv1a(name))}. It is computed from {@code i} directly, so a sequence can be read in any order and
 * more than once. The upper 24 bits make a float, since that is what a float holds exactly.
 */
final class RandomNumbers {

  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;
  private static final long FNV_OFFSET = 0xCBF29CE484222325L;
  private static final long FNV_PRIME = 0x100000001B3L;

  private final long state;

  RandomNumbers(long seed, String name) {
    this.state = mix(seed ^ fnv1a(name));
  }

  /** Number {@code index}, evenly distributed in [low, high). */
  float uniform(long index, float low, float high) {
    float fraction = (mix(state + (index + 1) * GOLDEN_GAMMA) >>> 40) * 0x1p-24f;
    return low + fraction * (high - low);
  }

  private static long mix(long value) {
    long mixed = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
    return mixed ^ (mixed >>> 31);
  }

  private static long fnv1a(String name) {
    long hash = FNV_OFFSET;
    for (byte octet : name.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (octet & 0xFF)) * FNV_PRIME;
    }
    return hash;
  }
}
