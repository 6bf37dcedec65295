package dev.nereid.server.endpoint.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.util.concurrent.ListenableFuture;
import dev.nereid.protocol.ModelInferRequest;
import dev.nereid.protocol.ModelInferResponse;
import dev.nereid.protocol.ServerLiveRequest;
import dev.nereid.protocol.ServerReadyRequest;
import dev.nereid.server.repository.ModelFolders;
import dev.nereid.tensor.RawTensors;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How an endpoint goes. */
@SuppressWarnings("NullAway.Init") // JUnit fills these before each test.
class StopTest {

  @TempDir Path models;
  private final Hold hold = new Hold();
  private TestEndpoint server;

  @BeforeEach
  void serve() throws Exception {
    new ModelFolders(models)
        .config(
            "held",
            TestEndpoint.identity(
                "TYPE_INT32",
                0,
                "parameters { key: \"execute_delay_ms\" value { string_value: \"1\" } }"),
            "1");
    server = TestEndpoint.serve(models, hold);
  }

  @AfterEach
  void stop() {
    hold.release();
    server.close();
  }

  private static ModelInferRequest request() {
    return Requests.one("held", "INT32", RawTensors.ofInts(4, 5), 2);
  }

  @Test
  void aDrainingServerIsNotReadyRefusesNewInferenceAndFinishesTheOld() throws Exception {
    ListenableFuture<ModelInferResponse> running = server.futures().modelInfer(request());
    hold.awaitBatch();

    server.endpoint().drain();

    assertThatThrownBy(() -> server.stub().serverReady(ServerReadyRequest.getDefaultInstance()))
        .hasMessage("UNAVAILABLE: Server exiting");
    assertThatThrownBy(() -> server.stub().serverLive(ServerLiveRequest.getDefaultInstance()))
        .hasMessage("UNAVAILABLE: Server exiting");
    assertThat(
            HealthGrpc.newBlockingStub(server.channel())
                .check(HealthCheckRequest.getDefaultInstance())
                .getStatus())
        .isEqualTo(ServingStatus.NOT_SERVING);
    assertThatThrownBy(() -> server.stub().modelInfer(request()))
        .hasMessage(
            "UNAVAILABLE: GRPC server is shutting down and has stopped accepting new requests.");
    hold.release();
    assertThat(running.get(30, TimeUnit.SECONDS).getRawOutputContents(0))
        .isEqualTo(Requests.ints(4, 5));
  }

  @Test
  void shutdownWaitsForTheCallsThatRun() throws Exception {
    ListenableFuture<ModelInferResponse> running = server.futures().modelInfer(request());
    hold.awaitBatch();
    CompletableFuture<Boolean> finished = CompletableFuture.supplyAsync(this::shutdown);
    Hold.until(() -> !accepts());

    hold.release();

    assertThat(running.get(30, TimeUnit.SECONDS).getOutputsCount()).isEqualTo(1);
    assertThat(finished.get(30, TimeUnit.SECONDS)).isTrue();
  }

  private boolean shutdown() {
    try {
      return server.endpoint().shutdown(Duration.ofSeconds(30));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private boolean accepts() {
    try (RawConnection connection = new RawConnection(server.port())) {
      connection.begin(1);
      return true;
    } catch (IOException | IllegalStateException e) {
      return false;
    }
  }

  @Test
  void shutdownThatIsOutOfTimeCancelsWhatStillRuns() throws Exception {
    ListenableFuture<ModelInferResponse> running = server.futures().modelInfer(request());
    hold.awaitBatch();

    assertThat(server.endpoint().shutdown(Duration.ofMillis(1))).isFalse();

    assertThatThrownBy(() -> running.get(30, TimeUnit.SECONDS)).hasMessageContaining("CANCELLED");
    // Its answer finds no loop that could send it, and is given back: closing the server checks.
    hold.release();
  }

  @Test
  void thoseWhoWatchTheHealthAreToldAndLetGo() {
    Iterator<HealthCheckResponse> watched =
        HealthGrpc.newBlockingStub(server.channel())
            .withDeadlineAfter(30, TimeUnit.SECONDS)
            .watch(HealthCheckRequest.getDefaultInstance());
    assertThat(watched.next().getStatus()).isEqualTo(ServingStatus.SERVING);

    server.endpoint().drain();

    assertThat(watched.next().getStatus()).isEqualTo(ServingStatus.NOT_SERVING);
    assertThat(watched.hasNext()).isFalse();
  }
}
