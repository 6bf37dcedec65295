package dev.nereid.backend.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.ModelSource;
import dev.nereid.backend.ModelSpec;
import dev.nereid.backend.Parameters;
import dev.nereid.backend.TensorSpec;
import dev.nereid.tensor.DataType;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What config.pbtxt can say about GPUs, decided without one. */
class GpuSettingsTest {

  private static final String CUDA = "cuda";
  private static final String TENSORRT = "tensorrt";

  static ModelSpec onGpu() {
    ModelSource source = new ModelSource("m", 1, Path.of("/models/m/1"), "model.onnx", Map.of());
    return ModelSpec.of(
            source,
            64,
            List.of(new TensorSpec("input", DataType.FP32, -1, 224, 224, 3)),
            List.of(new TensorSpec("output", DataType.FP32, -1, 1000)))
        .withInstances(new InstanceSpec("m_0_0", InstanceKind.GPU, 0));
  }

  static ModelSpec.Accelerator accelerator(String name, Map<String, String> parameters) {
    return new ModelSpec.Accelerator(InstanceKind.GPU, name, parameters);
  }

  private static GpuSettings parse(ModelSpec spec) throws BackendException {
    Parameters parameters = Parameters.ofModel(spec.source().parameters());
    GpuSettings settings = GpuSettings.parse(spec, parameters);
    parameters.refuseOthers();
    return settings;
  }

  private static GpuSettings with(String name, Map<String, String> parameters)
      throws BackendException {
    return parse(onGpu().withAccelerators(accelerator(name, parameters)));
  }

  private static AbstractThrowableAssert<?, ? extends Throwable> assertRefused(
      String name, String parameter, String value) {
    return assertThatThrownBy(() -> with(name, Map.of(parameter, value)))
        .isInstanceOf(BackendException.class)
        .hasMessageStartingWith(
            "execution_accelerators['" + name + "'].parameters['" + parameter + "']: " + value);
  }

  @Test
  void cudasOptionsAreTheProvidersOwn() throws Exception {
    Map<String, String> options =
        Map.of(
            "cudnn_conv_algo_search", "HEURISTIC",
            "cudnn_conv_use_max_workspace", "1",
            "do_copy_in_default_stream", "false",
            "arena_extend_strategy", "kSameAsRequested",
            "gpu_mem_limit", "18446744073709551615",
            "use_tf32", "0",
            "prefer_nhwc", "true",
            "use_ep_level_unified_stream", "1",
            "enable_cuda_graph", "0");
    assertThat(with(CUDA, options).cuda())
        .containsOnly(
            Map.entry("cudnn_conv_algo_search", "HEURISTIC"),
            Map.entry("cudnn_conv_use_max_workspace", "1"),
            Map.entry("do_copy_in_default_stream", "0"),
            Map.entry("arena_extend_strategy", "kSameAsRequested"),
            Map.entry("gpu_mem_limit", "18446744073709551615"),
            Map.entry("use_tf32", "0"),
            Map.entry("prefer_nhwc", "1"),
            Map.entry("use_ep_level_unified_stream", "1"));
  }

  @ParameterizedTest
  @CsvSource({
    "warp_speed,9,expected: one of",
    "cudnn_conv_algo_search,0,'expected: one of EXHAUSTIVE, HEURISTIC, DEFAULT'",
    "arena_extend_strategy,big,expected: one of kNextPowerOfTwo",
    "gpu_mem_limit,2G,expected: a number of bytes",
    "gpu_mem_limit,18446744073709551616,expected: a number of bytes",
    "use_tf32,maybe,'expected: true, on, 1'",
    "device_id,1,'expected: not set, since instance_group.gpus says it'",
    "enable_cuda_graph,1,'expected: 0, since a graph is recorded with the addresses'",
    "has_user_compute_stream,1,expected: 0",
    "gpu_external_alloc,140,expected: not set",
  })
  void cudasOtherOptionsAreRefusedByName(String name, String value, String why) {
    assertRefused(CUDA, name, value).hasMessageContaining(why);
  }

  @Test
  void tensorRtHasTritonsNames() throws Exception {
    Map<String, String> options =
        Map.of(
            "precision_mode", "FP16",
            "max_workspace_size_bytes", "1073741824",
            "int8_calibration_table_name", "table",
            "int8_use_native_calibration_table", "true",
            "trt_engine_cache_enable", "true",
            "trt_engine_cache_path", "/engines",
            "trt_engine_cache_prefix", "p",
            "trt_min_subgraph_size", "5",
            "trt_profile_min_shapes", "input:1x3",
            "trt_cuda_graph_enable", "0");
    assertThat(with(TENSORRT, options).tensorRt().orElseThrow().options())
        .containsOnly(
            Map.entry("trt_fp16_enable", "1"),
            Map.entry("trt_max_workspace_size", "1073741824"),
            Map.entry("trt_int8_calibration_table_name", "table"),
            Map.entry("trt_int8_use_native_calibration_table", "1"),
            Map.entry("trt_engine_cache_enable", "1"),
            Map.entry("trt_engine_cache_path", "/engines"),
            Map.entry("trt_engine_cache_prefix", "p"),
            Map.entry("trt_min_subgraph_size", "5"),
            Map.entry("trt_profile_min_shapes", "input:1x3"));
  }

  @ParameterizedTest
  @CsvSource({"FP32,", "FP16,trt_fp16_enable", "BF16,trt_bf16_enable", "INT8,trt_int8_enable"})
  void aPrecisionModeIsAnOptionOfTheProvider(String mode, String option) throws Exception {
    Map<String, String> options =
        with(TENSORRT, Map.of("precision_mode", mode)).tensorRt().orElseThrow().options();
    assertThat(options).isEqualTo(option == null ? Map.of() : Map.of(option, "1"));
  }

  @ParameterizedTest
  @CsvSource({
    "precision_mode,FP8,'expected: one of BF16, FP16, FP32, INT8'",
    "max_workspace_size_bytes,-1,expected: a number of bytes",
    "trt_min_subgraph_size,few,expected: an integer",
    "trt_dla_enable,perhaps,'expected: true, on, 1'",
    "trt_warp,1,expected: one of",
    "trt_fp16_enable,1,expected: one of",
    "trt_cuda_graph_enable,1,'expected: 0, since a graph is recorded with the addresses'",
  })
  void tensorRtsOtherOptionsAreRefusedByName(String name, String value, String why) {
    assertRefused(TENSORRT, name, value).hasMessageContaining(why);
  }

  @Test
  void bothAcceleratorsTogetherAreOneSession() throws Exception {
    GpuSettings settings =
        parse(
            onGpu()
                .withAccelerators(
                    accelerator(CUDA, Map.of("use_tf32", "0")),
                    accelerator(TENSORRT, Map.of("precision_mode", "FP16"))));
    assertThat(settings.cuda()).containsEntry("use_tf32", "0");
    assertThat(settings.tensorRt()).isPresent();
  }

  @Test
  void theOlderSpellingAmongTheModelsParametersIsNumbered() throws Exception {
    ModelSpec spec =
        onGpu()
            .withParameters(
                Map.of(
                    "cudnn_conv_algo_search", "1",
                    "gpu_mem_limit", "1000",
                    "arena_extend_strategy", "1",
                    "do_copy_in_default_stream", "0"));
    assertThat(parse(spec).cuda())
        .containsOnly(
            Map.entry("cudnn_conv_algo_search", "HEURISTIC"),
            Map.entry("gpu_mem_limit", "1000"),
            Map.entry("arena_extend_strategy", "kSameAsRequested"),
            Map.entry("do_copy_in_default_stream", "0"));
  }

  @Test
  void anOptionThatIsSaidTwiceIsRefused() {
    ModelSpec spec =
        onGpu()
            .withParameters(Map.of("gpu_mem_limit", "1000"))
            .withAccelerators(accelerator(CUDA, Map.of("gpu_mem_limit", "2000")));
    assertThatThrownBy(() -> parse(spec))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("parameters['gpu_mem_limit']: 1000 (expected: not set, ");
    ModelSpec twice =
        onGpu().withAccelerators(accelerator(CUDA, Map.of()), accelerator(CUDA, Map.of()));
    assertThatThrownBy(() -> parse(twice)).hasMessageContaining("cuda (expected: once)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"cudnn_conv_algo_search", "gpu_mem_limit", "arena_extend_strategy"})
  void theOlderSpellingIsRefusedWithoutAnInstanceOnAGpu(String name) {
    ModelSpec spec =
        onGpu()
            .withInstances(new InstanceSpec("m_0_0", InstanceKind.CPU, 0))
            .withParameters(Map.of(name, "1"));
    assertThatThrownBy(() -> parse(spec))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("since no instance of the model runs on a GPU");
  }

  @Test
  void anAcceleratorOfTheGpuIsNoneOfTheCpus() {
    ModelSpec.Accelerator misplaced =
        new ModelSpec.Accelerator(InstanceKind.CPU, TENSORRT, Map.of());
    assertThatThrownBy(() -> parse(onGpu().withAccelerators(misplaced)))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("since it stands in gpu_execution_accelerator");
  }
}
