package dev.nereid.server.gpu;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** One GPU: all its fields, and the sources that they are read from. Used by one thread. */
final class GpuReadings {

  private final String uuid;
  private final List<TelemetrySource> sources;
  private final List<FieldReader> fields = new ArrayList<>();

  /**
   * @param sources in order of preference
   */
  GpuReadings(String uuid, List<TelemetrySource> sources) {
    this.uuid = uuid;
    this.sources = List.copyOf(sources);
    for (GpuField field : GpuField.values()) {
      fields.add(new FieldReader(uuid, field, sources));
    }
  }

  String uuid() {
    return uuid;
  }

  List<TelemetrySource> sources() {
    return sources;
  }

  /** Reads every field; those that cannot be read are not in it. */
  Map<GpuField, Reading> read() {
    sources.forEach(TelemetrySource::update);
    Map<GpuField, Reading> readings = new EnumMap<>(GpuField.class);
    for (FieldReader reader : fields) {
      OptionalDouble value = reader.read();
      if (value.isPresent()) {
        readings.put(reader.field(), new Reading(value.getAsDouble(), reader.source()));
      }
    }
    return Collections.unmodifiableMap(readings);
  }

  /** A value, in its field's unit, and where it comes from. */
  record Reading(double value, String source) {}
}
