package dev.nereid.launcher.verify;

import dev.nereid.launcher.verify.Stack.GpuModel;
import dev.nereid.launcher.verify.Stack.Precision;
import dev.nereid.protocol.ModelStatistics;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Whether models on the GPU answer what the CPU answers, whatever the batch, and INT8 is INT8. */
final class AnswerChecks {

  private static final int PICTURES = 4;
  private static final int TIMED_BATCHES = 30;

  private final ServedModels served;
  private final String reference;

  /**
   * @param reference a model of the same weights on the CPU, in FP32
   */
  AnswerChecks(ServedModels served, String reference) {
    this.served = served;
    this.reference = reference;
  }

  List<Check> of(Stack stack) {
    List<Check> checks = new ArrayList<>();
    for (GpuModel model : stack.models()) {
      checks.add(new Check(model.name() + " answers as the CPU does", () -> agrees(model)));
      checks.add(
          new Check(
              model.name() + " answers each row of a batch as it does alone",
              () -> rowsAreIndependent(model)));
    }
    Optional<GpuModel> half = first(stack, Precision.FP16);
    Optional<GpuModel> integer = first(stack, Precision.INT8);
    if (half.isPresent() && integer.isPresent()) {
      checks.add(
          new Check(
              integer.get().name() + " computes in less time than " + half.get().name(),
              () -> isFaster(integer.get().name(), half.get().name())));
    }
    return checks;
  }

  private static Optional<GpuModel> first(Stack stack, Precision precision) {
    return stack.models().stream().filter(model -> model.precision() == precision).findFirst();
  }

  private String agrees(GpuModel model) throws CheckFailure {
    double least = 1;
    int sameTop = 0;
    for (int i = 0; i < PICTURES; i++) {
      float[] expected = served.answer(reference, i, 1);
      float[] actual = served.answer(model.name(), i, 1);
      CheckFailure.unless(
          actual.length == expected.length,
          "%d values (expected: %d)",
          actual.length,
          expected.length);
      least = Math.min(least, correlation(expected, actual));
      sameTop += top(expected) == top(actual) ? 1 : 0;
    }
    double wanted = model.precision().leastCorrelation;
    CheckFailure.unless(least >= wanted, "correlation %.5f (expected: at least %s)", least, wanted);
    return String.format(
        Locale.ROOT, "correlation %.5f, same first class in %d of %d", least, sameTop, PICTURES);
  }

  private String rowsAreIndependent(GpuModel model) throws CheckFailure {
    int max = served.maxBatchSize(model.name());
    List<Integer> sizes = new ArrayList<>(List.of(1, 3, max - 1, max));
    sizes.removeIf(rows -> rows < 1 || rows > max);
    float[][] alone = new float[PICTURES][];
    for (int i = 0; i < PICTURES; i++) {
      alone[i] = served.answer(model.name(), i, 1);
    }
    double least = 1;
    for (int rows : sizes) {
      float[] together = served.answer(model.name(), 0, rows);
      int classes = alone[0].length;
      CheckFailure.unless(
          together.length == rows * classes,
          "%d values of %d rows (expected: %d)",
          together.length,
          rows,
          rows * classes);
      for (int row = 0; row < Math.min(rows, PICTURES); row++) {
        float[] own = Arrays.copyOfRange(together, row * classes, (row + 1) * classes);
        int nearest = nearest(own, alone);
        CheckFailure.unless(
            nearest == row,
            "row %d of %d is nearest to picture %d's answer (expected: to its own picture's)",
            row,
            rows,
            nearest);
        least = Math.min(least, correlation(alone[row], own));
      }
    }
    double wanted = model.precision().leastOfBatches;
    CheckFailure.unless(least >= wanted, "correlation %.5f (expected: at least %s)", least, wanted);
    return String.format(Locale.ROOT, "batches of %s, correlation %.5f", sizes, least);
  }

  /** The answer that correlates best. */
  private static int nearest(float[] answer, float[][] answers) {
    int nearest = 0;
    for (int i = 1; i < answers.length; i++) {
      if (correlation(answers[i], answer) > correlation(answers[nearest], answer)) {
        nearest = i;
      }
    }
    return nearest;
  }

  private String isFaster(String fast, String slow) throws CheckFailure {
    double fastMillis = millisOfLargestBatch(fast);
    double slowMillis = millisOfLargestBatch(slow);
    CheckFailure.unless(
        fastMillis < slowMillis,
        "%.2f ms a batch of %d (expected: less than %.2f)",
        fastMillis,
        served.maxBatchSize(fast),
        slowMillis);
    return String.format(
        Locale.ROOT,
        "%.2f ms to %.2f ms a batch of %d",
        fastMillis,
        slowMillis,
        served.maxBatchSize(fast));
  }

  /** Mean compute_infer of whole batches, one at a time. */
  private double millisOfLargestBatch(String model) throws CheckFailure {
    int rows = served.maxBatchSize(model);
    float[] warm = served.answer(model, 0, rows);
    CheckFailure.unless(warm.length > 0, "no answer");
    ModelStatistics before = served.statistics(model);
    for (int i = 0; i < TIMED_BATCHES; i++) {
      float[] unused = served.answer(model, i, rows);
    }
    ModelStatistics after = served.statistics(model);
    long nanos =
        after.getInferenceStats().getComputeInfer().getNs()
            - before.getInferenceStats().getComputeInfer().getNs();
    return nanos / 1e6 / TIMED_BATCHES;
  }

  private static int top(float[] values) {
    int top = 0;
    for (int i = 1; i < values.length; i++) {
      top = values[i] > values[top] ? i : top;
    }
    return top;
  }

  /** Pearson's; 0 where one of the two is constant. */
  static double correlation(float[] a, float[] b) {
    double meanA = 0;
    double meanB = 0;
    for (int i = 0; i < a.length; i++) {
      meanA += a[i] / (double) a.length;
      meanB += b[i] / (double) b.length;
    }
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      ab += (a[i] - meanA) * (b[i] - meanB);
      aa += (a[i] - meanA) * (a[i] - meanA);
      bb += (b[i] - meanB) * (b[i] - meanB);
    }
    double norm = Math.sqrt(aa * bb);
    return norm > 0 ? ab / norm : 0;
  }
}
