package dev.nereid.bench.measure;

/**
 * A wish to end early with what there is: the first Ctrl-C. Any thread sets it, once and for all.
 */
public final class StopSignal {
  private volatile boolean requested;

  public void request() {
    requested = true;
  }

  public boolean isRequested() {
    return requested;
  }
}
