package dev.nereid.backend.tensorflow;

import dev.nereid.backend.AutotuneTurn;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.tensorflow.engines.Conversion;
import dev.nereid.backend.tensorflow.engines.Conversion.Segment;
import dev.nereid.backend.tensorflow.engines.EngineCache;
import dev.nereid.backend.tensorflow.engines.EngineFile;
import dev.nereid.backend.tensorflow.graph.DevicePlacement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a model that was just put on a GPU with every batch size that it is to meet, and says in the
 * log how that goes.
 *
 * <p>Engines are built one after another, smallest batch first:
 *
 * <ul>
 *   <li>TensorRT measures kernels on the device to choose among them, as cuDNN does at first runs,
 *       and builds side by side would measure each other.
 *   <li>TF-TRT builds under a lock of the segment, so that more threads would wait for it.
 *   <li>TF-TRT takes the smallest engine that is large enough, and builds none where it finds one:
 *       from the largest batch down there would be one engine for all.
 * </ul>
 *
 * So other models of this process are not prepared at the same time either ({@link AutotuneTurn}),
 * but for those whose engines were kept.
 */
final class Preparation {

  private static final Logger log = LoggerFactory.getLogger(Preparation.class);

  private final String name;
  private final int gpu;
  private final PlacedModel model;
  private final List<Integer> sizes;
  private final boolean batching;
  private final Optional<TensorRtOptions> options;

  /**
   * @param sizes ascending
   * @param batching whether {@code sizes} are rows of batches
   */
  Preparation(
      String name,
      int gpu,
      PlacedModel model,
      List<Integer> sizes,
      boolean batching,
      Optional<TensorRtOptions> options) {
    this.name = name;
    this.gpu = gpu;
    this.model = model;
    this.sizes = List.copyOf(sizes);
    this.batching = batching;
    this.options = options;
  }

  void withoutEngines() throws BackendException {
    AutotuneTurn.take();
    try (WarmUp warmUp = new WarmUp(model)) {
      long start = System.nanoTime();
      for (int size : sizes) {
        warmUp.run(size);
      }
      log.info(
          "Model '{}' on GPU {}: ran {}, {} s",
          name,
          gpu,
          batching
              ? sizes.size() + " batch sizes up to " + sizes.get(sizes.size() - 1)
              : "its shape",
          seconds(start));
    } finally {
      AutotuneTurn.giveBack();
    }
  }

  /**
   * @param shelf where engines are kept; empty to keep none
   * @throws EnginesUnusable if the session is of no use any more because of the engines' files
   */
  void withEngines(Optional<EngineStore.Shelf> shelf, ConversionReport report)
      throws BackendException, EnginesUnusable {
    Optional<EngineCache.Entry> kept = kept(shelf);
    if (kept.isPresent()) {
      withEngines(kept, shelf, report);
      return;
    }
    AutotuneTurn.take();
    try {
      // The same model on another GPU may have built them meanwhile.
      withEngines(kept(shelf), shelf, report);
    } finally {
      AutotuneTurn.giveBack();
    }
  }

  private Optional<EngineCache.Entry> kept(Optional<EngineStore.Shelf> shelf) {
    return batching ? shelf.flatMap(own -> own.cache().find(own.key())) : Optional.empty();
  }

  private void withEngines(
      Optional<EngineCache.Entry> kept, Optional<EngineStore.Shelf> shelf, ConversionReport report)
      throws BackendException, EnginesUnusable {
    EngineOperations operations = new EngineOperations(model.session(), DevicePlacement.gpu(gpu));
    try (WarmUp warmUp = new WarmUp(model)) {
      if (kept.isPresent()) {
        Optional<Conversion> conversion = convertAlone(warmUp);
        EngineCache cache = shelf.orElseThrow().cache();
        if (conversion.isPresent() && read(operations, conversion.get(), kept.get(), cache)) {
          runWithKept(warmUp);
          report.log(name, gpu, conversion, options.orElseThrow());
          return;
        }
      }
      Optional<Conversion> conversion = build(warmUp);
      report.log(name, gpu, conversion, options.orElseThrow());
      if (conversion.isPresent() && !conversion.get().segments().isEmpty()) {
        keep(operations, conversion.get(), shelf, warmUp);
      }
    }
  }

  /** Without files of engines, so that nothing says whether one could not be built. */
  void withEnginesAlone(ConversionReport report) throws BackendException {
    try (WarmUp warmUp = new WarmUp(model)) {
      report.log(name, gpu, build(warmUp), options.orElseThrow());
    }
  }

  private Optional<Conversion> build(WarmUp warmUp) throws BackendException {
    AutotuneTurn.take();
    try {
      log.info(
          "Model '{}' on GPU {}: TensorRT builds engines for {}; this takes from seconds to minutes",
          name,
          gpu,
          batching ? "batches " + sizes : "its shape");
      Optional<Conversion> conversion = Optional.empty();
      for (int i = 0; i < sizes.size(); i++) {
        long start = System.nanoTime();
        if (i == 0) {
          conversion = warmUp.runAndTell(sizes.get(i));
        } else {
          warmUp.run(sizes.get(i));
        }
        boolean nothing = conversion.isPresent() && conversion.get().segments().isEmpty();
        progress(nothing ? "ran" : "engines built", i, start);
      }
      return conversion;
    } finally {
      AutotuneTurn.giveBack();
    }
  }

  private void runWithKept(WarmUp warmUp) throws EnginesUnusable {
    for (int i = 0; i < sizes.size(); i++) {
      long start = System.nanoTime();
      try {
        warmUp.run(sizes.get(i));
      } catch (BackendException e) {
        throw new EnginesUnusable("kept engines do not run: " + e.getMessage(), e);
      }
      progress("kept engines ran", i, start);
    }
  }

  private void progress(String what, int i, long startNanos) {
    log.info(
        "Model '{}' on GPU {}: {} for {} ({} of {}), {} s",
        name,
        gpu,
        what,
        batching ? "batch " + sizes.get(i) : "its shape",
        i + 1,
        sizes.size(),
        seconds(startNanos));
  }

  private static String seconds(long startNanos) {
    return String.format(Locale.ROOT, "%.1f", (System.nanoTime() - startNanos) / 1e9);
  }

  /**
   * Has TensorFlow convert the graph without building an engine: a batch of no rows is one that
   * TF-TRT leaves to TensorFlow. Only then are the segments' names known, under which engines of a
   * file have to be put before the first run that would build them.
   */
  private Optional<Conversion> convertAlone(WarmUp warmUp) {
    try {
      return warmUp.runAndTell(0);
    } catch (BackendException e) {
      log.info(
          "Model '{}' on GPU {}: kept engines cannot be used, since the graph does not run with an empty batch: {}",
          name,
          gpu,
          e.getMessage());
      return Optional.empty();
    }
  }

  /**
   * Gives every segment its kept engines, or none of them any.
   *
   * @return whether they have them; where not, what is kept is of no use any more and gone
   */
  private boolean read(
      EngineOperations operations, Conversion conversion, EngineCache.Entry kept, EngineCache cache)
      throws EnginesUnusable {
    Map<Segment, Path> files = new LinkedHashMap<>();
    for (Segment segment : conversion.segments()) {
      Path file = kept.files().get(segment.digest());
      if (file == null) {
        log.warn(
            "Model '{}' on GPU {}: TensorRT's engines in {} are of a graph that was converted in another way, and are built again",
            name,
            gpu,
            kept.folder());
        cache.discard(kept);
        return false;
      }
      files.put(segment, file);
    }
    int capacity = options.orElseThrow().maxCachedEngines();
    for (Map.Entry<Segment, Path> file : files.entrySet()) {
      try {
        operations.read(file.getKey().resource(), file.getValue(), capacity);
      } catch (BackendException e) {
        throw new EnginesUnusable("kept engines cannot be read: " + e.getMessage(), e);
      }
    }
    return !conversion.segments().isEmpty();
  }

  /**
   * Writes the engines to files: to keep them, and to see which there are, since TF-TRT says only
   * on standard error that it could not build one and leaves its batches to TensorFlow.
   */
  private void keep(
      EngineOperations operations,
      Conversion conversion,
      Optional<EngineStore.Shelf> shelf,
      WarmUp warmUp)
      throws EnginesUnusable {
    boolean keeps = shelf.isPresent() && batching && conversion.tellsSegmentsApart();
    Set<String> missing = new TreeSet<>();
    EngineCache.Writer<BackendException> writer =
        (segment, file) -> {
          operations.write(segment.resource(), file);
          missing.addAll(missing(segment, file));
          if (keeps && !missing.isEmpty() && conversion.segments().size() > 1) {
            // Built at the next load, they would run beside engines of this one.
            throw new BackendException("not all segments have theirs: " + missing);
          }
        };
    try {
      if (keeps) {
        Path folder =
            shelf
                .orElseThrow()
                .cache()
                .store(shelf.get().key(), conversion.segments(), writer)
                .folder();
        log.info("Model '{}' on GPU {}: engines are kept in {}", name, gpu, folder);
      } else {
        Path file = Files.createTempFile("nereid-", ".engines");
        try {
          for (Segment segment : conversion.segments()) {
            writer.write(segment, file);
          }
        } finally {
          Files.deleteIfExists(file);
        }
      }
    } catch (IOException | BackendException e) {
      log.warn("Model '{}' on GPU {}: engines are not kept: {}", name, gpu, e.getMessage());
    }
    try {
      // What was added to the graph may have spoiled it.
      warmUp.run(sizes.get(0));
    } catch (BackendException e) {
      throw new EnginesUnusable("engines cannot be written: " + e.getMessage(), e);
    }
    if (!missing.isEmpty()) {
      log.warn(
          "Model '{}' on GPU {}: TensorFlow itself runs what TensorRT could not build: {}. Its lines on standard error say why; out of memory is the usual reason",
          name,
          gpu,
          String.join(", ", missing));
    }
  }

  private Set<String> missing(Segment segment, Path file) throws BackendException {
    try {
      Set<Long> built = EngineFile.read(file).batchSizes();
      Set<String> missing = new TreeSet<>();
      // What reads a batch after a reshape has other rows than the batch, and as many engines.
      if (batching && built.size() < sizes.size()) {
        sizes.stream()
            .filter(size -> !built.contains((long) size))
            .forEach(size -> missing.add(segment.name() + " for batch " + size));
      } else if (built.isEmpty()) {
        missing.add(segment.name());
      }
      return missing;
    } catch (IOException e) {
      throw new BackendException("TensorRT's engines of " + segment.name() + ": " + e, e);
    }
  }
}
