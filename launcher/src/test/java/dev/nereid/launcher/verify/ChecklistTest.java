package dev.nereid.launcher.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class ChecklistTest {

  @Test
  void everyCheckHasALineAndNoneKeepsAnotherFromRunning() throws Exception {
    StringWriter text = new StringWriter();
    Checklist list = new Checklist(new PrintWriter(text));
    list.run(new Check("first", () -> "seen"));
    list.run(
        new Check(
            "second",
            () -> {
              CheckFailure.unless(false, "%d (expected: %d)", 1, 2);
              return "";
            }));
    list.run(
        new Check(
            "third",
            () -> {
              throw new UnsatisfiedLinkError("libcuda.so.1");
            }));

    assertThat(text.toString().replaceAll("\\(\\d+\\.\\d s\\)", "(t)").lines())
        .containsExactly(
            "PASS  first: seen (t)",
            "FAIL  second: 1 (expected: 2) (t)",
            "FAIL  third: java.lang.UnsatisfiedLinkError: libcuda.so.1 (t)");
    assertThat(list.passed()).isEqualTo(1);
    assertThat(list.failed()).isEqualTo(2);
  }

  @Test
  void answersThatAreConstantAgreeWithNothing() {
    float[] some = {0.1f, 0.7f, 0.2f};
    assertThat(AnswerChecks.correlation(some, new float[] {0.2f, 1.4f, 0.4f}))
        .isCloseTo(1, within(1e-6));
    assertThat(AnswerChecks.correlation(some, new float[] {0, 0, 0})).isZero();
    assertThat(AnswerChecks.correlation(some, new float[] {0.7f, 0.1f, 0.2f})).isLessThan(0);
  }
}
