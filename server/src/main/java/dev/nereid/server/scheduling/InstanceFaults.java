package dev.nereid.server.scheduling;

/** Told when an instance can never run again. Must not block and must not throw. */
public interface InstanceFaults {

  /**
   * Called once for an instance, on its own thread, after its last batch was answered.
   *
   * @param reason as the backend says it
   * @param instancesLeft that can still run; with 0, every request is refused from now on
   */
  void instanceFailed(String instanceName, String reason, int instancesLeft);
}
