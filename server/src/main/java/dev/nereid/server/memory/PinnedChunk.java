package dev.nereid.server.memory;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A large piece of page-locked memory and which parts of it are free. Neighbours that are free are
 * one part, so that sizes may change without a trace. Not thread-safe.
 */
final class PinnedChunk {

  static final int NO_ROOM = -1;

  private final PageLocking.Locked memory;
  private final int byteSize;

  /** Bytes of each free part by where it starts. */
  private final TreeMap<Integer, Integer> free = new TreeMap<>();

  PinnedChunk(PageLocking.Locked memory) {
    this.memory = memory;
    byteSize = memory.bytes().capacity();
    free.put(0, byteSize);
  }

  int byteSize() {
    return byteSize;
  }

  /** Where a part of that size starts: the first that fits; {@link #NO_ROOM} if none does. */
  int take(int bytes) {
    Map.@Nullable Entry<Integer, Integer> found = null;
    for (Map.Entry<Integer, Integer> part : free.entrySet()) {
      if (part.getValue() >= bytes) {
        found = part;
        break;
      }
    }
    if (found == null) {
      return NO_ROOM;
    }
    int start = found.getKey();
    int left = found.getValue() - bytes;
    free.remove(start);
    if (left > 0) {
      free.put(start + bytes, left);
    }
    return start;
  }

  /** Frees what {@link #take} gave. */
  void giveBack(int start, int bytes) {
    int from = start;
    int size = bytes;
    Map.Entry<Integer, Integer> before = free.lowerEntry(start);
    if (before != null && before.getKey() + before.getValue() == start) {
      from = before.getKey();
      size += before.getValue();
    }
    Integer after = free.remove(start + bytes);
    if (after != null) {
      size += after;
    }
    free.put(from, size);
  }

  boolean isUnused() {
    Integer whole = free.get(0);
    return whole != null && whole == byteSize;
  }

  ByteBuffer view(int start, int bytes) {
    return memory.bytes().slice(start, bytes);
  }

  /** Gives it back to the system. Blocks. */
  void free() {
    memory.free();
  }
}
