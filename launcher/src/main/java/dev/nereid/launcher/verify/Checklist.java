package dev.nereid.launcher.verify;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.CompletionException;

/** Runs checks one after the other and prints a line for each. */
final class Checklist {

  private final PrintWriter out;
  private int passed;
  private int failed;

  Checklist(PrintWriter out) {
    this.out = out;
  }

  /** Runs one; whatever it throws fails that one alone. */
  void run(Check check) throws InterruptedException {
    long start = System.nanoTime();
    try {
      String seen = check.body().run();
      passed++;
      print("PASS", check.name(), seen, start);
    } catch (InterruptedException e) {
      throw e;
    } catch (CheckFailure e) {
      failed++;
      print("FAIL", check.name(), String.valueOf(e.getMessage()), start);
    } catch (Exception | LinkageError e) {
      failed++;
      Throwable cause = e instanceof CompletionException && e.getCause() != null ? e.getCause() : e;
      print("FAIL", check.name(), cause.toString(), start);
    }
  }

  private void print(String verdict, String name, String text, long startNanos) {
    double seconds = (System.nanoTime() - startNanos) / 1e9;
    out.printf(Locale.ROOT, "%s  %s: %s (%.1f s)%n", verdict, name, text, seconds);
    out.flush();
  }

  int passed() {
    return passed;
  }

  int failed() {
    return failed;
  }
}
