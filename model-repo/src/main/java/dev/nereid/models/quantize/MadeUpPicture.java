package dev.nereid.models.quantize;

/**
 * A picture that nobody took: a few waves of each colour with noise over them, as bright and as
 * contrasting as photographs are. Computed from its number alone, in integers, so that it is the
 * same on any machine.
 */
final class MadeUpPicture {

  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;
  private static final int WAVES = 4;

  private MadeUpPicture() {}

  /** Pixels in the layout of the input. */
  static byte[] pixels(int number, PictureInput input) {
    boolean first = input.channelsFirst();
    int height = (int) input.shape()[first ? 1 : 0];
    int width = (int) input.shape()[first ? 2 : 1];
    int channels = (int) input.shape()[first ? 0 : 2];
    byte[] pixels = new byte[input.elements()];
    for (int channel = 0; channel < channels; channel++) {
      long seed = mix(number * 31L + channel);
      int brightness = 64 + (int) (seed >>> 57);
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          int value = brightness;
          for (int wave = 0; wave < WAVES; wave++) {
            long of = mix(seed + wave);
            // Cycles across the picture in 1/256, a phase likewise, and how strong.
            long cycles = (of & 0x7FF) * x / width + ((of >>> 11) & 0x7FF) * y / height;
            int strength = 8 + (int) ((of >>> 22) & 31);
            value += strength * triangle((int) (cycles + (of >>> 32)) & 0xFF) / 64;
          }
          value += (int) (mix(seed ^ ((long) y << 32 | x)) >>> 60) - 8;
          int at =
              first ? (channel * height + y) * width + x : (y * width + x) * channels + channel;
          pixels[at] = (byte) Math.max(0, Math.min(255, value));
        }
      }
    }
    return pixels;
  }

  /** A wave of period 256 between -64 and 64. */
  private static int triangle(int phase) {
    return Math.abs(phase - 128) - 64;
  }

  private static long mix(long value) {
    long mixed = value + GOLDEN_GAMMA;
    mixed = (mixed ^ (mixed >>> 30)) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
    return mixed ^ (mixed >>> 31);
  }
}
