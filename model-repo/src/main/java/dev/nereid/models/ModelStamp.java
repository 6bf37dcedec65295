package dev.nereid.models;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * What a model was built from. Equal stamps, equal bytes.
 *
 * @param text one word without spaces
 */
record ModelStamp(String text) {

  /** To be raised whenever the same seed gives other bytes than before; a test pins the bytes. */
  private static final int BUILDER_VERSION = 2;

  /** Of a model that is being built, or whose build was cut short: made here, and not whole. */
  static final ModelStamp UNFINISHED = new ModelStamp("unfinished");

  /** Of a model that was made around a user's own. */
  static final ModelStamp IMPORTED = new ModelStamp("imported");

  static ModelStamp of(ModelRecipe recipe, long seed, int cpuThreads) {
    return new ModelStamp(
        weights(seed)
            + ",config="
            + sha256(recipe.configs(cpuThreads).toString()).substring(0, 16));
  }

  /** Whether the weights in there are those of that seed. */
  boolean hasWeightsOf(long seed) {
    return text.startsWith(weights(seed) + ",");
  }

  private static String weights(long seed) {
    return "builder=" + BUILDER_VERSION + ",seed=" + seed;
  }

  private static String sha256(String text) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("SHA-256 is part of every Java", e);
    }
  }
}
