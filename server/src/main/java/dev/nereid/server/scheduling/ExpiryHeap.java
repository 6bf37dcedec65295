package dev.nereid.server.scheduling;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The requests that expire, soonest first: a binary heap whose members know their places, so that
 * one that is served or cancelled leaves in O(log n).
 */
final class ExpiryHeap {

  /** The place of a request that is not in the heap. */
  static final int ABSENT = -1;

  private @Nullable QueuedRequest[] heap = new QueuedRequest[16];
  private int size;

  @Nullable QueuedRequest first() {
    return heap[0];
  }

  void add(QueuedRequest request) {
    if (size == heap.length) {
      heap = Arrays.copyOf(heap, 2 * size);
    }
    siftUp(size++, request);
  }

  /** Does nothing for one that is not in it. */
  void remove(QueuedRequest request) {
    int hole = request.heapIndex;
    if (hole == ABSENT) {
      return;
    }
    request.heapIndex = ABSENT;
    @Nullable QueuedRequest moved = heap[--size];
    heap[size] = null;
    if (moved == null || moved == request) {
      return;
    }
    siftDown(hole, moved);
    if (moved.heapIndex == hole) {
      siftUp(hole, moved);
    }
  }

  private void siftUp(int start, QueuedRequest request) {
    int index = start;
    while (index > 0) {
      int parentIndex = (index - 1) / 2;
      @Nullable QueuedRequest parent = heap[parentIndex];
      if (parent == null || !sooner(request, parent)) {
        break;
      }
      put(index, parent);
      index = parentIndex;
    }
    put(index, request);
  }

  private void siftDown(int start, QueuedRequest request) {
    int index = start;
    while (true) {
      int childIndex = 2 * index + 1;
      @Nullable QueuedRequest child = childIndex < size ? heap[childIndex] : null;
      @Nullable QueuedRequest right = childIndex + 1 < size ? heap[childIndex + 1] : null;
      if (child != null && right != null && sooner(right, child)) {
        child = right;
        childIndex++;
      }
      if (child == null || !sooner(child, request)) {
        break;
      }
      put(index, child);
      index = childIndex;
    }
    put(index, request);
  }

  private void put(int index, QueuedRequest request) {
    heap[index] = request;
    request.heapIndex = index;
  }

  private static boolean sooner(QueuedRequest a, QueuedRequest b) {
    return a.expiresNanos - b.expiresNanos < 0;
  }
}
