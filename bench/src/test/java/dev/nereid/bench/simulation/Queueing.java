package dev.nereid.bench.simulation;

/** Rates at which a queue's response time meets an objective, by formula. */
public final class Queueing {
  private Queueing() {}

  /**
   * M/M/1: the response time is exponential with rate μ − λ, so P(T > t) = q at λ = μ − ln(1/q)/t.
   *
   * @param limitSeconds t
   * @param late q
   */
  public static double exponentialLimit(
      double meanServiceSeconds, double limitSeconds, double late) {
    return 1 / meanServiceSeconds - Math.log(1 / late) / limitSeconds;
  }

  /**
   * M/D/1: P(wait ≤ t) = (1−λD) Σ_(k=0..⌊t/D⌋) e^(λ(t−kD)) (−λ(t−kD))^k / k! (Erlang), searched for
   * the λ at which the response time, wait + D, exceeds the limit with probability q.
   */
  public static double deterministicLimit(double serviceSeconds, double limitSeconds, double late) {
    double low = 0;
    double high = 1 / serviceSeconds;
    for (int i = 0; i < 60; i++) {
      double middle = (low + high) / 2;
      if (1 - waitWithin(middle, serviceSeconds, limitSeconds - serviceSeconds) > late) {
        high = middle;
      } else {
        low = middle;
      }
    }
    return low;
  }

  private static double waitWithin(double rate, double service, double seconds) {
    double sum = 0;
    double factorial = 1;
    for (int k = 0; k * service <= seconds; k++) {
      factorial *= Math.max(1, k);
      double x = rate * (seconds - k * service);
      sum += Math.exp(x) * Math.pow(-x, k) / factorial;
    }
    return (1 - rate * service) * sum;
  }
}
