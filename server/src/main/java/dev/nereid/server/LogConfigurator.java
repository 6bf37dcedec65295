package dev.nereid.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.jul.LevelChangePropagator;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.FileAppender;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.spi.ContextAwareBase;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/**
 * Sets Logback up in code: reading an XML file would cost a good part of the second that a server
 * has to be ready. A file named by {@code -Dlogback.configurationFile} still goes first.
 *
 * <p>Found by {@code ServiceLoader}, for lines before the flags are known.
 */
public final class LogConfigurator extends ContextAwareBase implements Configurator {

  private static final LogOptions FIRST =
      new LogOptions(0, true, true, true, LogOptions.Format.DEFAULT, Optional.empty());

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    if (System.getProperty("logback.configurationFile") != null) {
      return ExecutionStatus.NEUTRAL;
    }
    return apply(FIRST, context)
        ? ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY
        : ExecutionStatus.INVOKE_NEXT_IF_ANY;
  }

  /**
   * Logs as the flags say from now on.
   *
   * @throws StartException if the file cannot be written
   */
  static void apply(LogOptions options) throws StartException {
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context
        && System.getProperty("logback.configurationFile") == null) {
      context.reset();
      if (!apply(options, context)) {
        throw new StartException(
            "Invalid argument - --log-file: %s (expected: a file that can be written)"
                .formatted(options.file().map(Path::toString).orElse("")));
      }
    }
  }

  private static boolean apply(LogOptions options, LoggerContext context) {
    Encoder<ILoggingEvent> encoder = encoder(options.format());
    encoder.setContext(context);
    encoder.start();
    OutputStreamAppender<ILoggingEvent> appender = appender(options);
    appender.setContext(context);
    appender.setEncoder(encoder);
    if (!(options.info() && options.warning() && options.error())) {
      LevelFilter filter = new LevelFilter(options);
      filter.setContext(context);
      filter.start();
      appender.addFilter(filter);
    }
    appender.start();
    var root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.INFO);
    root.addAppender(appender);
    bridge(context);
    // Libraries' verbose lines are theirs, not ours; the second level shows them too.
    context.getLogger("dev.nereid").setLevel(options.verbose() > 0 ? Level.DEBUG : Level.INFO);
    if (options.verbose() > 1) {
      root.setLevel(Level.DEBUG);
    } else {
      context.addTurboFilter(new ClosedStreamFilter());
    }
    return appender.isStarted();
  }

  /** What libraries say through {@code java.util.logging}, at the levels that are set here. */
  private static void bridge(LoggerContext context) {
    LevelChangePropagator levels = new LevelChangePropagator();
    levels.setContext(context);
    levels.start();
    context.addListener(levels);
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
  }

  private static OutputStreamAppender<ILoggingEvent> appender(LogOptions options) {
    if (options.file().isPresent()) {
      FileAppender<ILoggingEvent> file = new FileAppender<>();
      file.setFile(options.file().get().toString());
      return file;
    }
    ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
    console.setTarget("System.err");
    return console;
  }

  private static Encoder<ILoggingEvent> encoder(LogOptions.Format format) {
    return switch (format) {
      case JSON -> new JsonEncoder();
      case DEFAULT -> new TritonLineEncoder(false);
      case ISO8601 -> new TritonLineEncoder(true);
    };
  }
}
