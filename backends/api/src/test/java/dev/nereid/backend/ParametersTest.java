package dev.nereid.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

class ParametersTest {

  @Test
  void readsWhatIsThereAndLeavesTheRestEmpty() throws BackendException {
    Parameters parameters =
        Parameters.ofModel(
            Map.of("threads", " 4 ", "arena", "TRUE", "name", "x", "session.a", "1", "off", "0"));
    assertThat(parameters.integer("threads", 0, 8)).hasValue(4);
    assertThat(parameters.integer("others", 0, 8)).isEmpty();
    assertThat(parameters.bool("arena")).hasValue(true);
    assertThat(parameters.bool("off")).hasValue(false);
    assertThat(parameters.text("name")).hasValue("x");
    assertThat(parameters.startingWith("session.")).containsExactly(Map.entry("session.a", "1"));
    parameters.refuseOthers();
  }

  @Test
  void refusesWhatIsNotAnIntegerOfItsRange() {
    for (String value : new String[] {"", "1.5", "four", "-1", "9", "99999999999"}) {
      assertThatThrownBy(() -> Parameters.ofModel(Map.of("n", value)).integer("n", 0, 8))
          .isInstanceOf(BackendException.class)
          .hasMessage("parameters['n']: " + value + " (expected: an integer from 0 to 8)");
    }
  }

  @Test
  void refusesWhatIsNeitherTrueNorFalse() {
    assertThatThrownBy(() -> Parameters.ofModel(Map.of("b", "yes")).bool("b"))
        .hasMessage("parameters['b']: yes (expected: true, on, 1, false, off or 0)");
  }

  @Test
  void refusesANameThatNobodyAskedForAndSaysWhichThereAre() throws BackendException {
    Parameters parameters = Parameters.ofBackend("onnxruntime", Map.of("threds", "4"));
    parameters.integer("threads", 0, 8);
    parameters.startingWith("session.");
    assertThatThrownBy(parameters::refuseOthers)
        .isInstanceOf(BackendException.class)
        .hasMessage("--backend-config=onnxruntime,threds: 4 (expected: one of session.*, threads)");
  }

  @Test
  void refusesAnyNameWhereThereAreNone() {
    assertThatThrownBy(Parameters.ofModel(Map.of("a", "b"))::refuseOthers)
        .hasMessage("parameters['a']: b (expected: no parameters)");
  }
}
