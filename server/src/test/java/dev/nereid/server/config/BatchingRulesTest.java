package dev.nereid.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.TextFormat;
import dev.nereid.protocol.ModelConfig;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BatchingRulesTest {

  private static ModelConfig config(String text) throws TextFormat.ParseException {
    return TextFormat.parse("name: 'm' max_batch_size: 8 " + text, ModelConfig.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "preferred_batch_size: [ 4, 0 ]|dynamic batching preferred size must be positive for m",
        "preferred_batch_size: -1|dynamic batching preferred size must be positive for m",
        "preferred_batch_size: 9|dynamic batching preferred size must be <= max batch size for m",
        "priority_levels: 2|default priority level must be in range [1, 2] for m",
        "priority_levels: 2 default_priority_level: 3|default priority level must be in range [1, 2] for m",
        "priority_levels: 2 default_priority_level: 18446744073709551615|default priority level must be in range [1, 2] for m",
        "priority_levels: 18446744073709551615|default priority level must be in range [1, 18446744073709551615] for m",
        "priority_levels: 2 default_priority_level: 1 priority_queue_policy { key: 3 value { } }|priority queue policy must have priority level in range [1, 2] for m",
        "priority_levels: 2 default_priority_level: 1 priority_queue_policy { key: 0 value { } }|priority queue policy must have priority level in range [1, 2] for m",
        "preserve_ordering: true priority_levels: 2 default_priority_level: 1|Only one priority level is allowed when 'preserve_ordering' is true for m",
        "preserve_ordering: true default_queue_policy { timeout_action: DELAY default_timeout_microseconds: 1 }|Queue policy can not have DELAY as timeout action when 'preserve_ordering' is true for m",
        "preserve_ordering: true priority_levels: 1 default_priority_level: 1 priority_queue_policy { key: 1 value { timeout_action: DELAY default_timeout_microseconds: 1 } }|Queue policy can not have DELAY as timeout action when 'preserve_ordering' is true for m",
      })
  void whatCannotBeIsSaidInTritonsWords(String batching, String message) throws Exception {
    ModelConfig config = config("dynamic_batching { " + batching + " }");

    assertThatThrownBy(() -> BatchingRules.check(ConfigText.absent(), config))
        .isInstanceOf(ConfigException.class)
        .hasMessage(message);
  }

  @Test
  void aNegativeBatchIsRefused() throws Exception {
    ModelConfig config = config("").toBuilder().setMaxBatchSize(-1).build();

    assertThatThrownBy(() -> BatchingRules.check(ConfigText.absent(), config))
        .isInstanceOf(ConfigException.class)
        .hasMessage("'max_batch_size' must be non-negative value for m");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "preferred_batch_size: [ 8, 1, 8 ]",
        "preserve_ordering: true default_queue_policy { timeout_action: DELAY }",
        "preserve_ordering: true priority_levels: 1 default_priority_level: 1",
        "priority_levels: 18446744073709551615 default_priority_level: 9223372036854775808",
      })
  void whatCanBeIs(String batching) throws Exception {
    ModelConfig config = config("dynamic_batching { " + batching + " }");

    assertThatCode(() -> BatchingRules.check(ConfigText.absent(), config))
        .doesNotThrowAnyException();
  }

  @Test
  void everyFieldReachesTheScheduler() throws Exception {
    ModelConfig config =
        config(
            """
            dynamic_batching {
              preferred_batch_size: [ 8, 4, 8 ]
              max_queue_delay_microseconds: 1500
              preserve_ordering: true
              priority_levels: 3
              default_priority_level: 2
              default_queue_policy {
                timeout_action: DELAY
                default_timeout_microseconds: 7
                allow_timeout_override: true
                max_queue_size: 9
              }
              priority_queue_policy { key: 1 value { default_timeout_microseconds: 5 } }
            }
            """);

    assertThat(BatchingRules.derive(config))
        .isEqualTo(
            new BatchingConfig(
                "m",
                8,
                true,
                List.of(4, 8),
                1_500_000,
                true,
                3,
                2,
                new QueuePolicy(QueuePolicy.TimeoutAction.DELAY, 7, true, 9),
                Map.of(1L, new QueuePolicy(QueuePolicy.TimeoutAction.REJECT, 5, false, 0))));
  }

  @Test
  void withoutASchedulerEachRequestRunsAlone() throws Exception {
    assertThat(BatchingRules.derive(config(""))).isEqualTo(BatchingConfig.unbatched("m", 8));
  }

  @Test
  void theLargestUnsignedNumbersDoNotTurnNegative() throws Exception {
    BatchingConfig batching =
        BatchingRules.derive(
            config(
                """
                dynamic_batching {
                  max_queue_delay_microseconds: 18446744073709551615
                  priority_levels: 18446744073709551615
                  default_priority_level: 18446744073709551614
                  default_queue_policy {
                    default_timeout_microseconds: 18446744073709551615
                    max_queue_size: 4294967295
                  }
                  priority_queue_policy { key: 18446744073709551615 value { max_queue_size: 1 } }
                }
                """));

    // A deadline in the past must stay before the end of such a delay on a clock that overflows.
    assertThat(batching.maxQueueDelayNanos()).isEqualTo(Duration.ofDays(36_500).toNanos());
    assertThat(batching.priorityLevels()).isEqualTo(-1);
    assertThat(batching.defaultPriorityLevel()).isEqualTo(-2);
    assertThat(batching.defaultQueuePolicy().defaultTimeoutMicros()).isEqualTo(Long.MAX_VALUE);
    assertThat(batching.defaultQueuePolicy().maxQueueSize()).isEqualTo(Integer.MAX_VALUE);
    assertThat(batching.priorityPolicies()).containsOnlyKeys(-1L);
  }

  @Test
  void levelsThatAreOffTakeTheirPoliciesWithThem() throws Exception {
    BatchingConfig batching =
        BatchingRules.derive(
            config(
                "dynamic_batching { default_priority_level: 4"
                    + " priority_queue_policy { key: 1 value { max_queue_size: 1 } } }"));

    assertThat(batching.defaultPriorityLevel()).isZero();
    assertThat(batching.priorityPolicies()).isEmpty();
  }
}
