package dev.nereid.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * Log lines in Triton's two forms, in UTC: {@code I1124 03:22:01.123456 4711 Logger] text} and
 * {@code 2026-11-24T03:22:01Z I 4711 Logger] text}. Where Triton names a source file, these name
 * the logger: finding the file of a line costs a stack walk.
 */
final class TritonLineEncoder extends EncoderBase<ILoggingEvent> {

  private static final DateTimeFormatter GLOG =
      DateTimeFormatter.ofPattern("MMdd HH:mm:ss.SSSSSS", Locale.ROOT).withZone(ZoneOffset.UTC);
  private static final DateTimeFormatter ISO =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

  private static final long PID = ProcessHandle.current().pid();

  private final boolean iso;

  TritonLineEncoder(boolean iso) {
    this.iso = iso;
  }

  @Override
  public byte[] headerBytes() {
    return new byte[0];
  }

  @Override
  public byte[] encode(ILoggingEvent event) {
    StringBuilder line = new StringBuilder(160);
    char level = letter(event.getLevel());
    if (iso) {
      line.append(ISO.format(event.getInstant())).append(' ').append(level);
    } else {
      line.append(level).append(GLOG.format(event.getInstant()));
    }
    String logger = event.getLoggerName();
    line.append(' ').append(PID).append(' ');
    line.append(logger, logger.lastIndexOf('.') + 1, logger.length());
    line.append("] ").append(event.getFormattedMessage()).append('\n');
    IThrowableProxy thrown = event.getThrowableProxy();
    if (thrown != null) {
      line.append(ThrowableProxyUtil.asString(thrown));
    }
    return line.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static char letter(Level level) {
    return switch (level.toInt()) {
      case Level.ERROR_INT -> 'E';
      case Level.WARN_INT -> 'W';
      case Level.INFO_INT -> 'I';
      default -> 'V';
    };
  }

  @Override
  public byte[] footerBytes() {
    return new byte[0];
  }
}
