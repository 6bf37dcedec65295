package dev.nereid.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import java.nio.file.Path;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What gRPC and others say through {@code java.util.logging}. */
@SuppressWarnings("NullAway.Init") // JUnit fills the directory before each test.
class LogConfiguratorTest {

  @TempDir private Path directory;

  private final Logger grpc = Logger.getLogger("io.grpc.netty.NettyServerHandler");
  private Path file;

  @BeforeEach
  void logToAFile() throws Exception {
    file = directory.resolve("log");
    LogConfigurator.apply(options(0));
  }

  @AfterEach
  void logAsBefore() throws Exception {
    LogConfigurator.apply(
        new LogOptions(0, true, true, true, LogOptions.Format.DEFAULT, Optional.empty()));
  }

  private LogOptions options(int verbose) {
    return new LogOptions(verbose, true, true, true, LogOptions.Format.DEFAULT, Optional.of(file));
  }

  private static Http2Exception stream(Http2Error error, String message) {
    return Http2Exception.streamError(5, error, "%s", message);
  }

  @Test
  void goesWhereOurLinesGoInTheirForm() {
    grpc.warning("Exception in onHeadersRead()");
    grpc.fine("nobody asked for this");
    assertThat(file)
        .content()
        .matches("W\\d{4} .* NettyServerHandler\\] Exception in onHeadersRead\\(\\)\n");
  }

  @Test
  void anAnswerThatItsClientNoLongerWantsIsNoWarning() throws Exception {
    Http2Exception closed =
        stream(Http2Error.STREAM_CLOSED, "Stream closed before write could take place");
    grpc.log(Level.WARNING, "Stream Error", closed);
    assertThat(file).isEmptyFile();
    grpc.log(Level.WARNING, "Stream Error", stream(Http2Error.PROTOCOL_ERROR, "something else"));
    assertThat(file).content().contains("something else");
    LogConfigurator.apply(options(2));
    grpc.log(Level.WARNING, "Stream Error", closed);
    assertThat(file).content().contains("Stream closed before write could take place");
  }
}
