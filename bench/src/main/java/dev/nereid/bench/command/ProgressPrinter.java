package dev.nereid.bench.command;

import dev.nereid.bench.measure.ProbeResult;
import dev.nereid.bench.report.Quantities;
import dev.nereid.bench.search.Phase;
import dev.nereid.bench.search.SearchListener;
import java.io.PrintWriter;
import java.util.Locale;

/** Prints a line for each probe; on a terminal also how the present one goes. */
public final class ProgressPrinter implements SearchListener {
  private final PrintWriter err;
  private final Terminal terminal;
  private String current = "";

  /**
   * @param err for people, not for programs
   */
  public ProgressPrinter(PrintWriter err, Terminal terminal) {
    this.err = err;
    this.terminal = terminal;
  }

  /** A single measurement starts. */
  void onRunStart(String load) {
    current = "measure " + load;
    live(current);
  }

  @Override
  public void onProbeStart(Phase phase, double ratePerSecond) {
    current =
        phase == Phase.CALIBRATE
            ? "calibrate"
            : String.format(Locale.ROOT, "%-9s %8.1f/s", phase.text(), ratePerSecond);
    live(current);
  }

  @Override
  public void onProbeProgress(double seconds, long inFlight, long notGood) {
    live(
        String.format(
            Locale.ROOT,
            "%s  %.0f s, %d in flight, %d late or open",
            current,
            seconds,
            inFlight,
            notGood));
  }

  @Override
  public void onProbe(Phase phase, ProbeResult result) {
    clear();
    if (phase == Phase.CALIBRATE) {
      err.printf(
          Locale.ROOT,
          "%-9s  %.4g answers/s, mean %s%n",
          phase.text(),
          result.completedPerSecond(),
          Quantities.millis(result.service().meanNanos()));
    } else {
      err.printf(
          Locale.ROOT,
          "%s  %5.1f s  %s %10s  %s  %s%n",
          current,
          result.windowSeconds(),
          result.plan().objective().slo().percentileName(),
          Quantities.millis(result.percentileNanos()),
          terminal.verdict(result.verdict()),
          result.reason());
    }
    err.flush();
  }

  @Override
  public void onNote(String text) {
    clear();
    err.println(text);
    err.flush();
  }

  private void live(String text) {
    if (terminal.live()) {
      err.print("\r\u001b[2K" + text);
      err.flush();
    }
  }

  private void clear() {
    if (terminal.live()) {
      err.print("\r\u001b[2K");
    }
  }
}
