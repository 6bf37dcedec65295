package dev.nereid.backend.tensorrt;

import org.bytedeco.tensorrt.nvinfer.ILogger;

/**
 * The log as TensorRT's C++ classes take it. One a process, never freed, since TensorRT keeps the
 * first it is given.
 */
final class NativeLog extends ILogger {

  private final EngineLog log;

  NativeLog(EngineLog log) {
    this.log = log;
  }

  @Override
  public void log(ILogger.Severity severity, String message) {
    log.said(severity.value, message);
  }
}
