package dev.nereid.bench.search;

import dev.nereid.bench.arrivals.ArrivalProcess;
import dev.nereid.bench.statistics.Slo;
import java.time.Duration;
import java.util.OptionalDouble;

/**
 * What a search is after and what it may cost.
 *
 * @param slo the objective
 * @param arrivals how requests arrive
 * @param budget time for everything, warm-up included; the drain after the last probe may exceed it
 * @param warmup closed loop on the real path before anything is measured; part of the budget
 * @param confirm the longest confirmation run
 * @param seed of every arrival; each probe derives its own
 * @param precision half the interval's width over the limit at which the search is content: 0.01
 * @param startRate where to start; empty to calibrate
 * @param maxRate never to be exceeded; infinite by default
 */
public record MaxSettings(
    Slo slo,
    ArrivalProcess arrivals,
    Duration budget,
    Duration warmup,
    Duration confirm,
    long seed,
    double precision,
    OptionalDouble startRate,
    double maxRate) {

  public MaxSettings {
    if (budget.isNegative() || budget.isZero()) {
      throw new IllegalArgumentException("budget: " + budget + " (expected: > 0)");
    }
    if (!(precision > 0 && precision < 1)) {
      throw new IllegalArgumentException(
          "precision: " + precision + " (expected: above 0 and below 1)");
    }
    if (startRate.isPresent() && !(startRate.getAsDouble() > 0)) {
      throw new IllegalArgumentException(
          "start rate: " + startRate.getAsDouble() + " (expected: > 0)");
    }
    if (!(maxRate > 0)) {
      throw new IllegalArgumentException("max rate: " + maxRate + " (expected: > 0)");
    }
  }

  /** Poisson arrivals, two minutes, two seconds of warm-up, up to 30 s of confirmation, ±1 %. */
  public static MaxSettings of(Slo slo) {
    return new MaxSettings(
        slo,
        ArrivalProcess.POISSON,
        Duration.ofMinutes(2),
        Duration.ofSeconds(2),
        Duration.ofSeconds(30),
        1,
        0.01,
        OptionalDouble.empty(),
        Double.POSITIVE_INFINITY);
  }

  /** The same with another budget. */
  public MaxSettings withBudget(Duration newBudget) {
    return new MaxSettings(
        slo, arrivals, newBudget, warmup, confirm, seed, precision, startRate, maxRate);
  }

  /** The same with another seed. */
  public MaxSettings withSeed(long newSeed) {
    return new MaxSettings(
        slo, arrivals, budget, warmup, confirm, newSeed, precision, startRate, maxRate);
  }

  /** The same with another arrival process. */
  public MaxSettings withArrivals(ArrivalProcess process) {
    return new MaxSettings(
        slo, process, budget, warmup, confirm, seed, precision, startRate, maxRate);
  }
}
