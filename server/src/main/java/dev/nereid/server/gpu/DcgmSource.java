package dev.nereid.server.gpu;

import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** One GPU as DCGM tells of it. */
final class DcgmSource implements TelemetrySource {

  private static final double MIB = 1 << 20;

  /** One of ours by DCGM's number, with what turns DCGM's unit into ours. */
  private record Field(GpuField field, int id, double unit) {}

  private static final List<Field> DEVICE =
      List.of(
          new Field(GpuField.UTILIZATION, 203, 0.01),
          new Field(GpuField.MEMORY_TOTAL, 250, MIB),
          new Field(GpuField.MEMORY_USED, 252, MIB),
          new Field(GpuField.POWER_USAGE, 155, 1),
          new Field(GpuField.POWER_LIMIT, 160, 1),
          new Field(GpuField.ENERGY, 156, 0.001),
          new Field(GpuField.TEMPERATURE, 150, 1));

  private static final List<Field> PROFILING =
      List.of(
          new Field(GpuField.SM_ACTIVE, 1002, 1),
          new Field(GpuField.SM_OCCUPANCY, 1003, 1),
          new Field(GpuField.TENSOR_ACTIVE, 1004, 1),
          new Field(GpuField.DRAM_ACTIVE, 1005, 1),
          new Field(GpuField.PCIE_TX, 1009, 1),
          new Field(GpuField.PCIE_RX, 1010, 1));

  private final Dcgm dcgm;
  private final int gpu;
  private final List<Field> fields;

  DcgmSource(Dcgm dcgm, int gpu, boolean profiling) {
    this.dcgm = dcgm;
    this.gpu = gpu;
    fields = profiling ? Stream.concat(DEVICE.stream(), PROFILING.stream()).toList() : DEVICE;
  }

  /** Numbers of the fields that every GPU has. */
  static short[] deviceFields() {
    return ids(DEVICE);
  }

  /** Numbers of the fields that are measured inside the GPU, which may take special rights. */
  static short[] profilingFields() {
    return ids(PROFILING);
  }

  private static short[] ids(List<Field> fields) {
    short[] ids = new short[fields.size()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = (short) fields.get(i).id;
    }
    return ids;
  }

  @Override
  public String name() {
    return "DCGM";
  }

  @Override
  public Set<GpuField> fields() {
    return fields.stream().map(Field::field).collect(Collectors.toUnmodifiableSet());
  }

  @Override
  public OptionalDouble read(GpuField field) throws TelemetryException {
    @Nullable Field asked =
        fields.stream().filter(each -> each.field == field).findFirst().orElse(null);
    if (asked == null) {
      throw new TelemetryException(field + ": not in DCGM");
    }
    try (DcgmValues values = dcgm.latest(gpu, new short[] {(short) asked.id})) {
      OptionalDouble value = values.number(0);
      return value.isPresent() ? OptionalDouble.of(value.getAsDouble() * asked.unit) : value;
    }
  }
}
