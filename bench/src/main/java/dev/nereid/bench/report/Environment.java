package dev.nereid.bench.report;

import java.time.Instant;
import java.util.Locale;

/**
 * Where the generator ran.
 *
 * @param toolVersion of the bench
 * @param os name, version and architecture
 * @param processors that the JVM may use
 * @param java the JVM
 * @param startedAt when the measuring began
 */
public record Environment(
    String toolVersion, String os, int processors, String java, Instant startedAt) {

  /** This process's. */
  public static Environment here(Instant startedAt) {
    String version = Environment.class.getPackage().getImplementationVersion();
    return new Environment(
        version == null ? "dev" : version,
        String.format(
            Locale.ROOT,
            "%s %s %s",
            System.getProperty("os.name"),
            System.getProperty("os.version"),
            System.getProperty("os.arch")),
        Runtime.getRuntime().availableProcessors(),
        System.getProperty("java.vm.name") + " " + System.getProperty("java.version"),
        startedAt);
  }
}
