package dev.nereid.models;

import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What to build.
 *
 * @param into the model repository's folder; made where it is missing
 * @param seed decides every weight
 * @param variants the sets whose models are built
 * @param only names of the models to build, of any set; empty for all of {@code variants}
 * @param cpuThreads threads that one model of the CPU's ladder may compute on
 * @param force builds also what is up to date, and over folders that were not made here
 */
public record BuildRequest(
    Path into, long seed, Set<Variant> variants, Set<String> only, int cpuThreads, boolean force) {

  /** The seed where none is given. */
  public static final long DEFAULT_SEED = 42;

  /** The threads where none are given: the ladder was laid out for two cores. */
  public static final int DEFAULT_CPU_THREADS = 2;

  /**
   * @throws IllegalArgumentException if there is no model of a name in {@code only}
   */
  public BuildRequest {
    variants = Set.copyOf(variants);
    only = Set.copyOf(only);
    if (cpuThreads < 1) {
      throw new IllegalArgumentException("cpu-threads: " + cpuThreads + " (expected: >= 1)");
    }
    Set<String> known = new LinkedHashSet<>();
    ModelRecipe.ALL.forEach(recipe -> known.add(recipe.name()));
    for (String name : only) {
      if (!known.contains(name)) {
        throw new IllegalArgumentException(
            "only: " + name + " (expected: one of " + String.join(", ", known) + ")");
      }
    }
  }

  /** One set with the defaults. */
  public static BuildRequest of(Path into, Variant variant) {
    return new BuildRequest(
        into, DEFAULT_SEED, Set.of(variant), Set.of(), DEFAULT_CPU_THREADS, false);
  }

  List<ModelRecipe> recipes() {
    return ModelRecipe.ALL.stream()
        .filter(
            recipe ->
                only.isEmpty()
                    ? recipe.variants().stream().anyMatch(variants::contains)
                    : only.contains(recipe.name()))
        .toList();
  }
}
