package dev.nereid.launcher.verify;

import dev.nereid.protocol.RepositoryIndexResponse.ModelIndex;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Models that cannot be loaded: each has a reason of its own, and costs no other model anything.
 */
final class BadModelChecks {

  /** A model that must not load, and a word that its reason has. */
  private record Bad(String name, String reason) {}

  private final Path repository;
  private final Stack stack;
  private final List<Bad> models = new ArrayList<>();

  /**
   * @param repository where the bad models are written, beside good ones
   */
  BadModelChecks(Path repository, Stack stack) {
    this.repository = repository;
    this.stack = stack;
  }

  /** Writes them. Call before the server starts. */
  void write() throws IOException {
    add("bad_gpu_index", good("instance_group [ { kind: KIND_GPU gpus: [ 63 ] } ]"), "63", "", "");
    add(
        "bad_cuda_field",
        good("instance_group [ { kind: KIND_GPU secondary_devices [ { } ] } ]"),
        "secondary_devices",
        "",
        "");
    switch (stack) {
      case TRT10 -> {
        add(
            "bad_plan",
            good("default_model_filename: \"model.plan\""),
            "plan",
            "model.plan",
            "not a plan");
        add(
            "bad_onnx",
            good("default_model_filename: \"model.onnx\""),
            "model.onnx",
            "model.onnx",
            "no ONNX");
        addPrecision("bad_precision", "precision_mode");
      }
      case TFTRT -> {
        addPrecision("bad_precision", "precision_mode");
        add(
            "bad_plan",
            good(
                "tensorrt",
                "default_model_filename: \"model.plan\" parameters { key: \"runtime\" value { string_value: \"djl\" } }"),
            "plan",
            "model.plan",
            "not a plan");
        add(
            "bad_runtime",
            good("tensorrt", "default_model_filename: \"model.plan\""),
            "TensorRT",
            "model.plan",
            "not a plan");
      }
      case ORT_GPU ->
          add(
              "bad_onnx",
              good("default_model_filename: \"model.onnx\""),
              "model.onnx",
              "model.onnx",
              "no ONNX");
    }
  }

  private void addPrecision(String name, String reason) throws IOException {
    String config =
        stack == Stack.TRT10
            ? good(
                "default_model_filename: \"model.onnx\" parameters { key: \"precision_mode\" value { string_value: \"FP7\" } }")
            : good(
                "optimization { execution_accelerators { gpu_execution_accelerator [ { name:"
                    + " \"tensorrt\" parameters { key: \"precision_mode\" value: \"FP7\" } } ] } }"
                    + " instance_group [ { kind: KIND_GPU } ]");
    add(name, config, reason, stack == Stack.TRT10 ? "model.onnx" : "", "no ONNX");
  }

  private String good(String more) {
    return good(stack.backend(), more);
  }

  private static String good(String backend, String more) {
    return """
        backend: "%s"
        max_batch_size: 8
        input [ { name: "input" data_type: TYPE_FP32 dims: [ 224, 224, 3 ] } ]
        output [ { name: "probabilities" data_type: TYPE_FP32 dims: [ 1000 ] } ]
        %s
        """
        .formatted(backend, more);
  }

  private void add(String name, String config, String reason, String file, String contents)
      throws IOException {
    Path folder = repository.resolve(name);
    Path version = Files.createDirectories(folder.resolve("1"));
    Files.writeString(folder.resolve("config.pbtxt"), "name: \"" + name + "\"\n" + config);
    if (!file.isEmpty()) {
      Files.write(version.resolve(file), contents.getBytes(StandardCharsets.UTF_8));
    }
    models.add(new Bad(name, reason));
  }

  List<Check> all(ServedModels served, String goodModel) {
    List<Check> checks = new ArrayList<>();
    for (Bad model : models) {
      checks.add(
          new Check(model.name() + " is refused with its reason", () -> refused(served, model)));
    }
    checks.add(
        new Check(
            "the server lives and the good models serve beside the bad ones",
            () -> {
              CheckFailure.unless(served.client().serverLive().join(), "not live");
              return served.answer(goodModel, 0, 1).length + " values";
            }));
    return checks;
  }

  private static String refused(ServedModels served, Bad model) throws CheckFailure {
    ModelIndex row = served.index(model.name());
    CheckFailure.unless(
        row.getState().equals("UNAVAILABLE"), "%s (expected: UNAVAILABLE)", row.getState());
    CheckFailure.unless(
        row.getReason().toLowerCase(Locale.ROOT).contains(model.reason().toLowerCase(Locale.ROOT)),
        "reason: %s (expected: it names %s)",
        row.getReason(),
        model.reason());
    return row.getReason();
  }
}
