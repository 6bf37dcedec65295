package dev.nereid.server.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.server.inference.Tensor;
import dev.nereid.server.metrics.CloseReason;
import dev.nereid.server.scheduling.Decision.Take;
import dev.nereid.server.scheduling.Puppet.Config;
import java.util.List;
import org.junit.jupiter.api.Test;

class BatchingRuleTest {

  private record Rows(int rows) implements Waiting {
    @Override
    public long enqueuedNanos() {
      return 0;
    }

    @Override
    public List<Tensor> inputs() {
      return List.of();
    }
  }

  @Test
  void rowsBeyondAnIntDoNotFitInOneBatch() {
    BatchingRule rule = new BatchingRule(Config.dynamic().max(Integer.MAX_VALUE).build());

    Decision decision = rule.decide(List.of(new Rows(1 << 30), new Rows(1 << 30)), 0, false);

    assertThat(decision).isEqualTo(new Take(1, 1 << 30, CloseReason.FULL));
  }
}
