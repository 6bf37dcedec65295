package dev.nereid.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import dev.nereid.protocol.ModelConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FieldSupportTest {

  private Path file;

  @BeforeEach
  void nameTheFile(@TempDir Path folder) {
    file = folder.resolve("config.pbtxt");
  }

  private void check(String text) throws Exception {
    Files.writeString(file, text);
    FieldSupport.check(ConfigText.read(file));
  }

  /** Each row has an effect that a test of its own shows; a field below one of them may not. */
  private static final List<String> WHOLE =
      List.of(
          "version_policy",
          "input.reshape",
          "output.reshape",
          "optimization.graph",
          "optimization.execution_accelerators",
          "optimization.cuda.graph_spec",
          "optimization.input_pinned_memory",
          "optimization.output_pinned_memory",
          "dynamic_batching",
          "metric_tags",
          "parameters");

  @Test
  void everyFieldOfTheMessageIsEitherEffectiveOrRefused() {
    List<String> undecided = new ArrayList<>();
    Map<String, Boolean> seen = new HashMap<>();
    walk(ModelConfig.getDescriptor(), "", undecided, seen);

    assertThat(undecided).isEmpty();
    assertThat(seen.keySet())
        .containsAll(FieldSupport.EFFECTIVE)
        .containsAll(FieldSupport.REFUSED.keySet());
    assertThat(FieldSupport.EFFECTIVE).doesNotContainAnyElementsOf(FieldSupport.REFUSED.keySet());
  }

  private static void walk(
      Descriptor type, String prefix, List<String> undecided, Map<String, Boolean> seen) {
    for (FieldDescriptor field : type.getFields()) {
      String name = prefix + field.getName();
      seen.put(name, true);
      boolean effective = FieldSupport.EFFECTIVE.contains(name);
      if (!effective && !FieldSupport.REFUSED.containsKey(name)) {
        undecided.add(name);
      }
      if (effective
          && field.getJavaType() == FieldDescriptor.JavaType.MESSAGE
          && !WHOLE.contains(name)) {
        walk(field.getMessageType(), name + ".", undecided, seen);
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "runtime: 'x.so' | 1:1: runtime: x.so",
        "input { name: 'A' allow_ragged_batch: true } | 1:19: input[0].allow_ragged_batch: true",
        "batch_input { kind: BATCH_ITEM_SHAPE } | 1:1: batch_input: set",
        "batch_output [ { } ] | 1:16: batch_output: set",
        "optimization { priority: PRIORITY_MAX } | 1:16: optimization.priority: PRIORITY_MAX",
        "optimization { gather_kernel_buffer_threshold: 3 } | 1:16: optimization.gather_kernel_buffer_threshold: 3",
        "sequence_batching { } | 1:1: sequence_batching: set",
        "ensemble_scheduling { step [ ] } | 1:1: ensemble_scheduling: set",
        "instance_group { rate_limiter { resources [ { name: 'R' } ] } } | 1:45: instance_group[0].rate_limiter.resources: set",
        "instance_group { rate_limiter { priority: 2 } } | 1:33: instance_group[0].rate_limiter.priority: 2",
        "instance_group [ { }, { secondary_devices { } } ] | 1:25: instance_group[1].secondary_devices: set",
        "cc_model_filenames { key: '7.5' value: 'm' } | 1:1: cc_model_filenames: set",
        "model_warmup { name: 'w' } | 1:1: model_warmup: set",
        "model_operations { op_library_filename: 'a.so' } | 1:20: model_operations.op_library_filename: set",
        "model_transaction_policy { decoupled: true } | 1:28: model_transaction_policy.decoupled: true",
        "model_repository_agents { agents { name: 'checksum' } } | 1:27: model_repository_agents.agents: set",
        "response_cache { enable: true } | 1:18: response_cache.enable: true",
        "model_metrics { metric_control { } } | 1:17: model_metrics.metric_control: set",
      })
  void aFieldWithoutAnEffectIsRefusedWhereItStands(String text, String message) {
    assertThatThrownBy(() -> check(text))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(file + ":" + message + " (expected: ")
        .hasMessageEndingWith(")");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "response_cache { enable: false }",
        "model_transaction_policy { decoupled: false }",
        "model_transaction_policy { }",
        "input { name: 'A' allow_ragged_batch: false is_shape_tensor: false }",
        "optimization { cuda { graphs: false } priority: PRIORITY_DEFAULT eager_batching: false }",
        "instance_group { rate_limiter { priority: 0 } secondary_devices: [] }",
        "model_repository_agents { agents [ ] }",
        "model_warmup [ ]",
        "runtime: ''",
      })
  void aDefaultThatIsWrittenOutAsksForNothing(String text) {
    assertThatCode(() -> check(text)).doesNotThrowAnyException();
  }

  @Test
  void aNumberThatNoEnumConstantHasIsRefused() {
    assertThatThrownBy(() -> check("input { name: 'A' data_type: 99 }"))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(file + ":1:")
        .hasMessageContaining("99");
    assertThatThrownBy(
            () ->
                check(
                    "dynamic_batching { priority_queue_policy { key: 1 value { timeout_action: 7 }"
                        + " } }"))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(file + ":1:")
        .hasMessageContaining("7");
  }
}
