package dev.nereid.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;

/**
 * Drops the levels that {@code --log-info}, {@code --log-warning}, {@code --log-error} turn off.
 */
final class LevelFilter extends Filter<ILoggingEvent> {

  private final LogOptions options;

  LevelFilter(LogOptions options) {
    this.options = options;
  }

  @Override
  public FilterReply decide(ILoggingEvent event) {
    boolean wanted =
        switch (event.getLevel().toInt()) {
          case Level.ERROR_INT -> options.error();
          case Level.WARN_INT -> options.warning();
          case Level.INFO_INT -> options.info();
          default -> true;
        };
    return wanted ? FilterReply.NEUTRAL : FilterReply.DENY;
  }
}
