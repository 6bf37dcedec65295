package dev.nereid.server.gpu;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * {@code CUDA_VISIBLE_DEVICES} as CUDA reads it, for where CUDA itself cannot be asked: a list of
 * indices, UUIDs or beginnings of UUIDs, which ends at the first entry that is none. An index is
 * that of the place on the bus here ({@code CUDA_DEVICE_ORDER=PCI_BUS_ID}).
 */
final class VisibleDevices {

  private static final Pattern INDEX = Pattern.compile("\\d{1,9}");

  /** A slice as drivers before 470 name it: the GPU's UUID and two numbers. */
  private static final Pattern NUMBERED_SLICE = Pattern.compile("MIG-(GPU-.*)/(\\d+)/(\\d+)");

  private VisibleDevices() {}

  /** A slice of a GPU (MIG), with the numbers by which older drivers name it. */
  record Slice(String uuid, int gpuInstance, int computeInstance) {}

  /** A GPU with its slices; none where it is not cut. */
  record Board(String uuid, List<Slice> slices) {
    Board {
      slices = List.copyOf(slices);
    }
  }

  /**
   * UUIDs of what a process sees, in its order.
   *
   * @param variable null where it is not set
   * @param boards in the order of their places on the bus
   */
  static List<String> choose(@Nullable String variable, List<Board> boards) {
    if (variable == null) {
      return byDefault(boards);
    }
    List<String> chosen = new ArrayList<>();
    for (String entry : variable.split(",", -1)) {
      @Nullable String uuid = find(entry.strip(), boards);
      if (uuid == null || chosen.contains(uuid)) {
        break;
      }
      chosen.add(uuid);
    }
    return chosen;
  }

  /** Whole GPUs; where there are only slices CUDA takes the first. */
  private static List<String> byDefault(List<Board> boards) {
    List<String> whole =
        boards.stream().filter(board -> board.slices.isEmpty()).map(Board::uuid).toList();
    return whole.isEmpty()
        ? boards.stream().flatMap(board -> board.slices.stream()).map(Slice::uuid).limit(1).toList()
        : whole;
  }

  private static @Nullable String find(String entry, List<Board> boards) {
    if (INDEX.matcher(entry).matches()) {
      int index = Integer.parseInt(entry);
      return index < boards.size() ? usable(boards.get(index)) : null;
    }
    Matcher numbered = NUMBERED_SLICE.matcher(entry);
    List<String> found = new ArrayList<>();
    for (Board board : boards) {
      if (isBeginning(entry, "GPU-", board.uuid)) {
        found.add(usable(board));
      }
      for (Slice slice : board.slices) {
        boolean isNumbered =
            numbered.matches()
                && board.uuid.equals(numbered.group(1))
                && slice.gpuInstance == Integer.parseInt(numbered.group(2))
                && slice.computeInstance == Integer.parseInt(numbered.group(3));
        if (isNumbered || isBeginning(entry, "MIG-", slice.uuid)) {
          found.add(slice.uuid);
        }
      }
    }
    return found.size() == 1 ? found.get(0) : null;
  }

  /** More than the prefix that all have. */
  private static boolean isBeginning(String entry, String prefix, String uuid) {
    return entry.length() > prefix.length() && entry.startsWith(prefix) && uuid.startsWith(entry);
  }

  /** Of a GPU that is cut, a process that asks for the GPU gets its first slice. */
  private static String usable(Board board) {
    return board.slices.isEmpty() ? board.uuid : board.slices.get(0).uuid;
  }
}
