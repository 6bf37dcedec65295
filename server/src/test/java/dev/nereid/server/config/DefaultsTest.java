package dev.nereid.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.TextFormat;
import dev.nereid.protocol.ModelConfig;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DefaultsTest {

  private static ModelConfig fill(String text) throws TextFormat.ParseException {
    ModelConfig.Builder config = ModelConfig.newBuilder();
    TextFormat.merge(text, config);
    Defaults.fill(config);
    return config.build();
  }

  @Test
  void anEmptyConfigMeansWhatTritonSays() throws Exception {
    assertThat(fill(""))
        .isEqualTo(
            TextFormat.parse(
                """
                version_policy { latest { num_versions: 1 } }
                optimization {
                  input_pinned_memory { enable: true }
                  output_pinned_memory { enable: true }
                }
                """,
                ModelConfig.class));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        """
        version_policy { }
        optimization { input_pinned_memory { } output_pinned_memory { enable: false } }
        """,
        """
        version_policy { latest { num_versions: 0 } }
        max_batch_size: 8
        dynamic_batching { preferred_batch_size: 4 }
        optimization { input_pinned_memory { enable: false } output_pinned_memory { } }
        """,
        """
        version_policy { all { } }
        dynamic_batching { }
        optimization { input_pinned_memory { enable: true } output_pinned_memory { enable: true } }
        """,
      })
  void whatIsWrittenIsKept(String text) throws Exception {
    assertThat(fill(text)).isEqualTo(TextFormat.parse(text, ModelConfig.class));
  }

  @Test
  void theLargestBatchIsPreferredOnceItIsKnown() throws Exception {
    ModelConfig.Builder config = fill("dynamic_batching { }").toBuilder();
    assertThat(config.getDynamicBatching().getPreferredBatchSizeList()).isEmpty();

    config.setMaxBatchSize(8);
    Defaults.fill(config);
    Defaults.fill(config);

    assertThat(config.getDynamicBatching().getPreferredBatchSizeList()).containsExactly(8);
  }

  @Test
  void aServerWithoutFlagsCompletesConfigs() {
    assertThat(ModelConfigLoader.Options.DEFAULTS)
        .isEqualTo(new ModelConfigLoader.Options(true, Optional.empty(), List.of()));
  }
}
