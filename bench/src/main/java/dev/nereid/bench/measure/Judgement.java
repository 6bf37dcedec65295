package dev.nereid.bench.measure;

import dev.nereid.bench.measure.ProbePlan.Objective;
import dev.nereid.bench.statistics.Exceedance;
import dev.nereid.bench.statistics.QueueGrowth;
import dev.nereid.bench.statistics.Slo;
import dev.nereid.bench.statistics.Verdict;
import java.util.Locale;

/**
 * A verdict and why.
 *
 * <p>The rules, in order:
 *
 * <ol>
 *   <li>the queue grows ({@link QueueGrowth}): FAIL, the server is overloaded;
 *   <li>the interval of the late share lies within the allowed share: PASS;
 *   <li>it lies beyond: FAIL;
 *   <li>else UNDECIDED.
 * </ol>
 *
 * A late generator overrules all of them with INVALID, unless the requests miss the objective by
 * the clock from their actual send as well (twice the allowed share): then the server is slow
 * whatever the generator did, and FAIL stands.
 */
record Judgement(Verdict verdict, String reason) {

  static Judgement of(Slo slo, Exceedance late, QueueGrowth growth) {
    if (growth.overloaded()) {
      return new Judgement(
          Verdict.FAIL,
          String.format(
              Locale.ROOT,
              "overloaded: requests in flight grew from %.0f to %.0f, by %.1f a second",
              growth.firstQuarter(),
              growth.lastQuarter(),
              growth.perSecond()));
    }
    String share =
        String.format(
            Locale.ROOT,
            "%.2f %% late (%.2f–%.2f %%), allowed %s %%",
            100 * late.fraction(),
            100 * late.low(),
            100 * late.high(),
            trimmed(100 * slo.allowedFraction()));
    if (late.high() <= slo.allowedFraction()) {
      return new Judgement(Verdict.PASS, share);
    }
    if (late.low() > slo.allowedFraction()) {
      return new Judgement(Verdict.FAIL, share);
    }
    return new Judgement(Verdict.UNDECIDED, share);
  }

  /** This judgement, or INVALID where the generator spoilt it. */
  Judgement given(GeneratorHealth generator, Objective objective, Latencies service) {
    Slo slo = objective.slo();
    if (verdict == Verdict.FAIL
        && objective.binding()
        && service.countAbove(slo.limitNanos()) > 2 * slo.allowedFraction() * service.count()) {
      return this;
    }
    return generator
        .complaint()
        .map(complaint -> new Judgement(Verdict.INVALID, complaint))
        .orElse(this);
  }

  private static String trimmed(double value) {
    String text = String.format(Locale.ROOT, "%.4f", value);
    return text.replaceAll("\\.?0+$", "");
  }
}
