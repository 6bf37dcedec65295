package dev.nereid.server.gpu;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads one field of one GPU, from the first of its sources that has it. A source that fails three
 * times in a row, as in Triton, is not asked for it again; other fields, and other GPUs, go on.
 */
final class FieldReader {

  private static final Logger log = LoggerFactory.getLogger(FieldReader.class);

  static final int MOST_FAILURES = 3;

  private final String gpu;
  private final GpuField field;
  private final List<Attempt> attempts = new ArrayList<>();
  private String source = "none";
  private double lastReading;
  private boolean hasReading;
  private double sinceStart;

  /** One source with its failures in a row. */
  private static final class Attempt {
    private final TelemetrySource source;
    private int failures;
    private boolean hasRead;

    Attempt(TelemetrySource source) {
      this.source = source;
    }
  }

  /**
   * @param sources in order of preference; those without the field are left out
   */
  FieldReader(String gpu, GpuField field, List<TelemetrySource> sources) {
    this.gpu = gpu;
    this.field = field;
    for (TelemetrySource each : sources) {
      if (each.fields().contains(field)) {
        attempts.add(new Attempt(each));
      }
    }
  }

  GpuField field() {
    return field;
  }

  /** Which source the last reading came from; "none" where there was none. */
  String source() {
    return source;
  }

  /** The value to be shown now; empty where none can be had. */
  OptionalDouble read() {
    for (Attempt attempt : attempts) {
      if (attempt.failures == MOST_FAILURES) {
        continue;
      }
      try {
        OptionalDouble value = attempt.source.read(field);
        attempt.failures = 0;
        if (value.isPresent()) {
          attempt.hasRead = true;
          source = attempt.source.name();
          return OptionalDouble.of(shown(value.getAsDouble()));
        }
      } catch (TelemetryException e) {
        failed(attempt, e);
      }
    }
    source = "none";
    return OptionalDouble.empty();
  }

  private void failed(Attempt attempt, TelemetryException e) {
    if (++attempt.failures < MOST_FAILURES) {
      return;
    }
    String text = "{}: {} no longer read from {}: {}";
    if (attempt.hasRead) {
      log.warn(text, gpu, field.metric(), attempt.source.name(), e.getMessage());
    } else {
      // This GPU does not have it: nothing has happened.
      log.info(text, gpu, field.metric(), attempt.source.name(), e.getMessage());
    }
  }

  /**
   * A counter counts from the first reading on. It stands still where a reading is less than the
   * one before: the driver was reloaded, or another source took over.
   */
  private double shown(double reading) {
    if (!field.isCounter()) {
      return reading;
    }
    sinceStart += hasReading ? Math.max(0, reading - lastReading) : 0;
    lastReading = reading;
    hasReading = true;
    return sinceStart;
  }
}
