package dev.nereid.server.endpoint.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The defaults, which are part of the product, and the bounds. */
class GrpcEndpointOptionsTest {

  @Test
  void theDefaultsAreTritonsWhereItHasThem() {
    assertThat(GrpcEndpointOptions.defaults())
        .isEqualTo(
            new GrpcEndpointOptions(
                "0.0.0.0",
                8001,
                false,
                null,
                new GrpcEndpointOptions.KeepAlive(
                    Duration.ofHours(2),
                    Duration.ofSeconds(20),
                    false,
                    Duration.ofMinutes(5),
                    2,
                    2),
                new GrpcEndpointOptions.ConnectionAge(null, null),
                ResponseCompression.NONE,
                GrpcEndpointOptions.eventLoopThreadsFor(Runtime.getRuntime().availableProcessors()),
                16 * 1024 * 1024,
                Integer.MAX_VALUE,
                1024));
  }

  @Test
  void aPortIsOne() {
    assertThatThrownBy(() -> GrpcEndpointOptions.defaults().withAddress("0.0.0.0", 65536))
        .hasMessage("--grpc-port: 65536 (expected: 0..65535)");
  }

  @Test
  void aMessageHasABound() {
    assertThatThrownBy(() -> GrpcEndpointOptions.defaults().withMaxMessageBytes(0))
        .hasMessage("maxMessageBytes: 0 (expected: > 0)");
  }

  @Test
  void pingsThatThisTransportCannotCountAreRefusedByName() {
    assertThatThrownBy(
            () ->
                new GrpcEndpointOptions.KeepAlive(
                    Duration.ofHours(2),
                    Duration.ofSeconds(20),
                    false,
                    Duration.ofMinutes(5),
                    2,
                    5))
        .hasMessage("--grpc-http2-max-ping-strikes: 5 (expected: 2)");
  }

  @Test
  void agesArePositive() {
    assertThatThrownBy(() -> new GrpcEndpointOptions.ConnectionAge(Duration.ZERO, null))
        .hasMessage("--grpc-max-connection-age: PT0S (expected: > 0)");
  }

  @ParameterizedTest
  @CsvSource({"none,NONE", "low,LOW", "medium,MEDIUM", "high,HIGH"})
  void compressionLevelsAreNamedAsTheFlagNamesThem(String flag, ResponseCompression level) {
    assertThat(ResponseCompression.ofFlag(flag)).isEqualTo(level);
  }

  @Test
  void anotherCompressionLevelIsRefused() {
    assertThatThrownBy(() -> ResponseCompression.ofFlag("LOW"))
        .hasMessage(
            "--grpc-infer-response-compression-level: LOW (expected: none, low, medium or high)");
  }

  @Test
  void eventLoopsGrowWithTheMachine() {
    assertThat(GrpcEndpointOptions.eventLoopThreadsFor(1)).isEqualTo(2);
    assertThat(GrpcEndpointOptions.eventLoopThreadsFor(8)).isEqualTo(2);
    assertThat(GrpcEndpointOptions.eventLoopThreadsFor(16)).isEqualTo(4);
    assertThat(GrpcEndpointOptions.eventLoopThreadsFor(1024)).isEqualTo(128);
  }
}
