package dev.nereid.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.backend.contract.TurnTaken;
import org.junit.jupiter.api.Test;

class AutotuneTurnTest {

  private static String inTurn() {
    AutotuneTurn.take();
    try {
      return "ran";
    } finally {
      AutotuneTurn.giveBack();
    }
  }

  @Test
  void aSecondThreadGetsItOnceTheFirstIsDone() throws Exception {
    assertThat(TurnTaken.waitsForIt(AutotuneTurnTest::inTurn)).isEqualTo("ran");
    assertThat(AutotuneTurn.isWaitedFor()).isFalse();
  }

  @Test
  void whoHasItMayTakeItAgain() throws Exception {
    String said =
        TurnTaken.waitsForIt(
            () -> {
              AutotuneTurn.take();
              try {
                return inTurn();
              } finally {
                AutotuneTurn.giveBack();
              }
            });
    assertThat(said).isEqualTo("ran");
    assertThat(TurnTaken.waitsForIt(AutotuneTurnTest::inTurn)).as("once more").isEqualTo("ran");
  }
}
