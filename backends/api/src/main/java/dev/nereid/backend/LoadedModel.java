package dev.nereid.backend;

/** A model in memory. Thread-safe. Closed after every instance of it is. */
public interface LoadedModel extends AutoCloseable {

  /**
   * Makes an instance, with whatever it needs for itself: a session, a stream, buffers. Blocks.
   *
   * @throws BackendException if the device or the memory is not to be had
   */
  ModelInstance createInstance(InstanceSpec spec) throws BackendException;

  @Override
  void close();
}
