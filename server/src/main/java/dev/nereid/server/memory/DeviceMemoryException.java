package dev.nereid.server.memory;

/** Why a GPU's memory is not to be had, in its driver's words. */
public final class DeviceMemoryException extends Exception {

  private static final long serialVersionUID = 1L;

  public DeviceMemoryException(String message) {
    super(message);
  }

  /** With the driver's own exception, and its words. */
  public DeviceMemoryException(Throwable driver) {
    super(driver.getMessage(), driver);
  }
}
