package dev.nereid.models;

import dev.nereid.backend.BackendException;
import dev.nereid.models.quantize.Engines;
import dev.nereid.models.resnet.ResNet50;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Builds a model repository: for each model a folder with {@code config.pbtxt}, {@code labels.txt}
 * and version 1.
 *
 * <ul>
 *   <li>The same request gives the same bytes, on any machine.
 *   <li>What is up to date is left alone, with whatever was changed by hand in its {@code
 *       config.pbtxt} since.
 *   <li>Models of one kind of file share one file of weights by hard links.
 *   <li>A folder that was not made here is never written to, unless forced.
 * </ul>
 */
public final class ModelRepositoryBuilder {

  private static final String VERSION = "1";

  private final BuildRequest request;
  private final Consumer<String> progress;
  private final ResNetFiles files;
  private final Map<ModelFile, Path> weights = new EnumMap<>(ModelFile.class);

  /**
   * @param engines that calibrate the models of 8 bits; not asked where none is to be made
   * @param progress gets a line for every step; called on the thread that builds
   */
  public ModelRepositoryBuilder(BuildRequest request, Engines engines, Consumer<String> progress) {
    this.request = request;
    this.progress = progress;
    this.files = new ResNetFiles(request.seed(), engines, progress);
  }

  /**
   * Builds what is missing or out of date.
   *
   * @return the names of all models asked for, in the order of the ladder
   * @throws IOException if a file cannot be written, or a folder is in the way; every model that
   *     was finished before stays
   * @throws BackendException if an engine that calibrates is not there, or does not run
   */
  public List<String> build() throws IOException, BackendException {
    List<ModelRecipe> recipes = request.recipes();
    ModelFolders folders = ModelFolders.open(request.into());
    StampFile stamps = folders.stamps();
    if (!request.force()) {
      for (ModelRecipe recipe : recipes) {
        folders.refuseForeign(recipe.name());
      }
    }
    findWeights(stamps);
    for (ModelRecipe recipe : recipes) {
      build(recipe, stamps);
    }
    return recipes.stream().map(ModelRecipe::name).toList();
  }

  private void build(ModelRecipe recipe, StampFile stamps) throws IOException, BackendException {
    ModelStamp wanted = ModelStamp.of(recipe, request.seed(), request.cpuThreads());
    Path model = modelFile(recipe);
    if (!request.force() && isUpToDate(recipe, wanted, stamps)) {
      progress.accept(recipe.name() + ": up to date");
      return;
    }
    stamps.put(recipe.name(), ModelStamp.UNFINISHED);
    Path existing = weights.get(recipe.file());
    if (existing == null) {
      progress.accept(recipe.name() + ": making the " + recipe.file().title());
      WholeFile.<BackendException>write(model, output -> recipe.file().write(output, files));
      weights.put(recipe.file(), model);
    } else if (!existing.equals(model)) {
      WholeFile.link(existing, model);
    }
    Path folder = folder(recipe);
    WholeFile.writeText(folder.resolve("labels.txt"), labels());
    for (Map.Entry<String, String> config : recipe.configs(request.cpuThreads()).entrySet()) {
      WholeFile.writeText(folder.resolve(config.getKey()), config.getValue());
    }
    stamps.put(recipe.name(), wanted);
    progress.accept(
        String.format(
            Locale.ROOT,
            "%s: built (%d MB%s)",
            recipe.name(),
            Files.size(model) / 1_000_000,
            existing == null ? "" : ", shared with another model"));
  }

  /** Weights of this seed that lie there already, from this request's models or others'. */
  private void findWeights(StampFile stamps) {
    if (request.force()) {
      return;
    }
    for (ModelRecipe recipe : ModelRecipe.ALL) {
      @Nullable ModelStamp stamp = stamps.of(recipe.name()).orElse(null);
      Path file = modelFile(recipe);
      if (stamp != null && stamp.hasWeightsOf(request.seed()) && Files.isRegularFile(file)) {
        weights.putIfAbsent(recipe.file(), file);
      }
    }
  }

  private boolean isUpToDate(ModelRecipe recipe, ModelStamp wanted, StampFile stamps) {
    return stamps.of(recipe.name()).filter(wanted::equals).isPresent()
        && Files.isRegularFile(modelFile(recipe))
        && recipe.configs(request.cpuThreads()).keySet().stream()
            .allMatch(config -> Files.isRegularFile(folder(recipe).resolve(config)))
        && Files.isRegularFile(folder(recipe).resolve("labels.txt"));
  }

  private Path folder(ModelRecipe recipe) {
    return request.into().resolve(recipe.name());
  }

  private Path modelFile(ModelRecipe recipe) {
    return folder(recipe).resolve(VERSION).resolve(recipe.file().filename());
  }

  /** Random weights know no dogs and cats: a class has its number for a name. */
  private static String labels() {
    return IntStream.range(0, ResNet50.CLASSES)
        .mapToObj(index -> "class " + index + "\n")
        .collect(Collectors.joining());
  }
}
