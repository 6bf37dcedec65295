package dev.nereid.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.client.ClientOptions;
import dev.nereid.client.InferInput;
import dev.nereid.client.InferRequest;
import dev.nereid.client.NereidClient;
import dev.nereid.server.gpu.ComputeCapability;
import dev.nereid.server.gpu.GpuDevice;
import dev.nereid.server.gpu.GpuDevices;
import dev.nereid.server.metrics.PrometheusPage;
import dev.nereid.server.repository.ModelFolders;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole server on GPUs that are made up, with a backend that runs anywhere. */
@SuppressWarnings("NullAway.Init") // JUnit fills these before each test.
class GpuServerTest {

  private static final String TENSORS =
      """
      backend: "where"
      max_batch_size: 8
      input [ { name: "INPUT0" data_type: TYPE_FP32 dims: [ 4 ] } ]
      output [ { name: "OUTPUT0" data_type: TYPE_FP32 dims: [ 4 ] } ]
      """;

  @TempDir Path directory;

  private final WhereBackend backend = new WhereBackend();
  private ModelFolders models;
  private @Nullable NereidServer server;

  @BeforeEach
  void createRepository() throws Exception {
    models = new ModelFolders(Files.createDirectory(directory.resolve("models")));
  }

  @AfterEach
  void close() {
    if (server != null) {
      server.close();
    }
  }

  private static GpuDevice gpu(int index, int major, int minor) {
    return new GpuDevice(
        index,
        "GPU-" + index,
        "GPU",
        new ComputeCapability(major, minor),
        1L << 34,
        "0000:01:00.0",
        OptionalInt.empty());
  }

  private static GpuDevices gpus(GpuDevice... devices) {
    return new GpuDevices(
        Optional.empty(), List.of(devices), devices.length == 0 ? "there is no driver" : "");
  }

  private NereidServer open(GpuDevices gpus, String... more) throws StartException {
    List<String> flags =
        new ArrayList<>(
            List.of(
                "--model-repository=" + models.path(),
                "--grpc-address=127.0.0.1",
                "--grpc-port=0",
                "--metrics-address=127.0.0.1",
                "--metrics-port=0",
                "--exit-on-error=false"));
    flags.addAll(List.of(more));
    NereidServer opened =
        NereidServer.open(
            ServerOptions.of(flags.toArray(String[]::new)), List.of(backend.provider()), gpus);
    server = opened;
    opened.load();
    return opened;
  }

  private static void infer(NereidServer opened, String model) {
    try (NereidClient client =
        NereidClient.connect(ClientOptions.of("127.0.0.1:" + opened.grpcPort().orElseThrow()))) {
      client
          .infer(
              InferRequest.to(model)
                  .input(InferInput.ofFloats("INPUT0", new long[] {1, 4}, new float[4]))
                  .build())
          .join();
    }
  }

  private static PrometheusPage page(NereidServer opened) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + opened.metricsPort().orElseThrow() + "/metrics");
    return PrometheusPage.parse(
        HttpClient.newHttpClient()
            .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
            .body());
  }

  private static String reason(NereidServer opened, String model) throws Exception {
    try (NereidClient client =
        NereidClient.connect(ClientOptions.of("127.0.0.1:" + opened.grpcPort().orElseThrow()))) {
      return client.repositoryIndex(false).join().getModelsList().stream()
          .filter(each -> each.getName().equals(model))
          .map(each -> each.getReason())
          .findFirst()
          .orElseThrow();
    }
  }

  @Test
  void anInstanceAGpuIsMadeAndCountedByItsUuid() throws Exception {
    models.config("m", TENSORS, "1");
    NereidServer opened = open(gpus(gpu(0, 9, 0), gpu(1, 7, 5)));
    assertThat(backend.notes()).allMatch(note -> note.startsWith("made GPU")).hasSize(2);

    infer(opened, "m");

    PrometheusPage page = page(opened);
    double first = page.value("nv_inference_count", "gpu_uuid=GPU-0, model=m, version=1");
    double second = page.value("nv_inference_count", "gpu_uuid=GPU-1, model=m, version=1");
    assertThat(first + second).isEqualTo(1);
    assertThat(page.value("nv_inference_count", "model=m, version=1")).isZero();
  }

  @Test
  void anInstanceIsMadeAndRunsWhereItsHostPolicySays() throws Exception {
    String all = WhereBackend.cores();
    String last = all.substring(Math.max(all.lastIndexOf('-'), all.lastIndexOf(',')) + 1);
    models
        .config("on-gpu", TENSORS + "instance_group { kind: KIND_GPU }", "1")
        .config("on-cpu", TENSORS + "instance_group { kind: KIND_CPU count: 1 }", "1")
        .config(
            "named",
            TENSORS + "instance_group { kind: KIND_CPU count: 1 host_policy: \"far\" }",
            "1");
    NereidServer opened =
        open(
            gpus(gpu(0, 9, 0)),
            "--host-policy=gpu_0,cpu-cores=%1$s-%1$s".formatted(last),
            "--host-policy=far,cpu-cores=%1$s-%1$s".formatted(last));
    assertThat(backend.notes())
        .containsExactlyInAnyOrder(
            "made GPU0 on " + last, "made CPU0 on " + all, "made CPU0 on " + last);

    backend.notes().clear();
    infer(opened, "on-gpu");
    infer(opened, "on-cpu");
    infer(opened, "named");

    assertThat(backend.notes())
        .containsExactly("ran GPU0 on " + last, "ran CPU0 on " + all, "ran CPU0 on " + last);
  }

  @Test
  void aHostPolicyThatCannotBeStopsTheStart() {
    assertThatThrownBy(() -> open(gpus(), "--host-policy=cpu,cpu-cores=0-8191"))
        .isInstanceOf(StartException.class)
        .hasMessageStartingWith(
            "Invalid argument - --host-policy: cpu,cpu-cores=0-8191 (expected: cores of this process");
  }

  @Test
  void aGpuBelowTheMinimumIsNotUsedAndSaid() throws Exception {
    models
        .config("auto", TENSORS, "1")
        .config("old", TENSORS + "instance_group { kind: KIND_GPU gpus: 0 }", "1");
    NereidServer opened = open(gpus(gpu(0, 7, 0), gpu(1, 7, 5)));

    assertThat(backend.notes()).singleElement().asString().startsWith("made GPU1");
    assertThat(reason(opened, "old"))
        .endsWith(
            "instance group old_0 of model old specifies invalid or unsupported gpu id 0. GPUs with"
                + " at least the minimum required CUDA compute compatibility of 7.500000 are: 1");
  }

  @Test
  void withoutAUsableGpuTheReasonIsSaid() throws Exception {
    models.config("m", TENSORS + "instance_group { kind: KIND_GPU }", "1");
    assertThat(reason(open(gpus()), "m"))
        .endsWith("has kind KIND_GPU but no GPUs are available: there is no driver");
    close();
    assertThat(reason(open(gpus(gpu(0, 6, 1))), "m"))
        .endsWith(
            "has kind KIND_GPU but no GPUs are available: GPU 0 (GPU) has compute capability 6.1"
                + " (expected: at least 7.5, --min-supported-compute-capability)");
    close();
    assertThat(reason(open(gpus(gpu(0, 6, 1)), "--min-supported-compute-capability=6.0"), "m"))
        .isEmpty();
  }
}
