package dev.nereid.models;

import dev.nereid.models.quantize.Engines;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/**
 * {@code nereid models build}. Exits with 0, with 1 on wrong usage, with 5 on a file error or if an
 * engine that calibrates cannot be had.
 */
@Command(
    name = "build",
    mixinStandardHelpOptions = true,
    exitCodeOnInvalidInput = 1,
    sortOptions = false,
    description = {
      "Builds a model repository with ResNet-50 as a TensorFlow SavedModel and as ONNX: the real"
          + " graph with random weights, so that speed is true and answers mean nothing.",
      "",
      "The same seed gives the same bytes; models of 8 bits are calibrated here, on made-up"
          + " pictures, and may differ from machine to machine. What is up to date is left alone.",
    },
    footer = {
      "",
      "Examples:",
      "  nereid models build --into models",
      "      the ladder for a machine without a GPU: five models on two engines, one of them in",
      "      8 bits; the tutorial's for a GPU lie in resnet50_original/configs, as far as they",
      "      are the same file",
      "  nereid models build --into models --only resnet50_onnx,resnet50_onnx_bs1",
      "      two of them",
      "  nereid models build --into gpu-models --gpu",
      "      the tutorial's five models, and what is faster on the same GPU: its 8-bit model with",
      "      8-bit pixels, and TensorRT's own backend with FP16, INT8 and INT8 with 8-bit pixels;",
      "      all but resnet50_original need a GPU to be loaded",
    })
final class BuildCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Option(
      names = "--into",
      required = true,
      paramLabel = "DIR",
      description = "The model repository's folder; made where it is missing.")
  private Path into;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "" + BuildRequest.DEFAULT_SEED,
      description = "Decides every weight. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--variants",
      paramLabel = "SET",
      split = ",",
      defaultValue = "cpu",
      converter = VariantConverter.class,
      description =
          "Which sets of models to build: cpu, quickstart (what that measures of it), tutorial, gpu."
              + " Default: ${DEFAULT-VALUE}.")
  private Variant[] variants;

  @Option(
      names = "--gpu",
      description = "Build the set for a GPU, in place of --variants: the same as --variants gpu.")
  private boolean gpu;

  @Option(
      names = "--only",
      paramLabel = "NAME",
      split = ",",
      description = "Build these models, of whichever set, and no others.")
  private String[] only = {};

  @Option(
      names = "--cpu-threads",
      paramLabel = "N",
      defaultValue = "" + BuildRequest.DEFAULT_CPU_THREADS,
      description =
          "Threads that one ONNX model may compute on, all its instances together. Default:"
              + " ${DEFAULT-VALUE}.")
  private int cpuThreads;

  @Option(
      names = "--force",
      description = "Build also what is up to date, and over folders that were not made by this.")
  private boolean force;

  private final Engines engines;

  BuildCommand(Engines engines) {
    this.engines = engines;
  }

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    return Failures.report(
        spec,
        () -> {
          BuildRequest request =
              new BuildRequest(
                  into,
                  seed,
                  gpu ? EnumSet.of(Variant.GPU) : EnumSet.copyOf(Arrays.asList(variants)),
                  new LinkedHashSet<>(Arrays.asList(only)),
                  cpuThreads,
                  force);
          new ModelRepositoryBuilder(
                  request,
                  engines,
                  line -> {
                    out.println(line);
                    out.flush();
                  })
              .build();
          return 0;
        });
  }

  /** Variants in lower case, as everything on a command line. */
  static final class VariantConverter implements ITypeConverter<Variant> {
    @Override
    public Variant convert(String value) {
      try {
        return Variant.valueOf(value.toUpperCase(Locale.ROOT));
      } catch (IllegalArgumentException e) {
        Set<Variant> known = EnumSet.allOf(Variant.class);
        throw new TypeConversionException(
            value + " (expected: one of " + known.toString().toLowerCase(Locale.ROOT) + ")");
      }
    }
  }
}
