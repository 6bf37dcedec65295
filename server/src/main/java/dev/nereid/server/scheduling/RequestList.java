package dev.nereid.server.scheduling;

import org.jspecify.annotations.Nullable;

/** Requests in a row, first come first; any of them leaves in constant time. */
final class RequestList {

  private @Nullable QueuedRequest first;
  private @Nullable QueuedRequest last;
  private int size;

  @Nullable QueuedRequest first() {
    return first;
  }

  int size() {
    return size;
  }

  void addLast(QueuedRequest request) {
    request.list = this;
    request.previous = last;
    request.next = null;
    if (last == null) {
      first = request;
    } else {
      last.next = request;
    }
    last = request;
    size++;
  }

  void remove(QueuedRequest request) {
    @Nullable QueuedRequest before = request.previous;
    @Nullable QueuedRequest after = request.next;
    if (before == null) {
      first = after;
    } else {
      before.next = after;
    }
    if (after == null) {
      last = before;
    } else {
      after.previous = before;
    }
    request.list = null;
    request.previous = null;
    request.next = null;
    size--;
  }
}
