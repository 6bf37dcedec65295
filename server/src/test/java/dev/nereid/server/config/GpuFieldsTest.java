package dev.nereid.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.TextFormat;
import dev.nereid.backend.GpuOptions;
import dev.nereid.backend.GpuOptions.GraphSpec;
import dev.nereid.backend.GpuOptions.LowerBound;
import dev.nereid.protocol.ModelOptimizationPolicy;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GpuFieldsTest {

  private static GpuOptions of(String optimization) throws Exception {
    return GpuFields.of(TextFormat.parse(optimization, ModelOptimizationPolicy.class));
  }

  @Test
  void aConfigThatSaysNothingAsksForPinnedMemoryAndNothingElse() throws Exception {
    assertThat(of("")).isEqualTo(GpuOptions.DEFAULT);
  }

  @Test
  void everyFieldReachesTheBackend() throws Exception {
    assertThat(
            of(
                """
                cuda {
                  graphs: true
                  busy_wait_events: true
                  output_copy_stream: true
                  graph_spec {
                    batch_size: 16
                    input { key: "image" value { dim: [ 224, 224, 3 ] } }
                    graph_lower_bound { batch_size: 9 input { key: "image" value { dim: 1 } } }
                  }
                  graph_spec { batch_size: 1 }
                }
                eager_batching: true
                input_pinned_memory { enable: false }
                output_pinned_memory { enable: false }
                """))
        .isEqualTo(
            new GpuOptions(
                true,
                List.of(
                    new GraphSpec(
                        16,
                        Map.of("image", List.of(224L, 224L, 3L)),
                        new LowerBound(9, Map.of("image", List.of(1L)))),
                    new GraphSpec(1, Map.of(), null)),
                true,
                true,
                true,
                false,
                false));
  }
}
