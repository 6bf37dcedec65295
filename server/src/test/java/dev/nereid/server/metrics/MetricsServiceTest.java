package dev.nereid.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The metrics port, as a scraper and a stranger see it. */
@SuppressWarnings("NullAway.Init") // JUnit opens the service before each test.
@Timeout(60)
class MetricsServiceTest {

  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private final HttpClient client = HttpClient.newHttpClient();
  private MetricsService service;

  @BeforeEach
  void open() throws IOException {
    service = MetricsService.open(ANY, () -> "# the page ü\n");
  }

  @AfterEach
  void close() {
    service.close();
  }

  private HttpResponse<String> send(String method, String path) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + service.address().getPort() + path);
    return client.send(
        HttpRequest.newBuilder(uri)
            .method(method, HttpRequest.BodyPublishers.ofString("GET".equals(method) ? "" : "x"))
            .build(),
        BodyHandlers.ofString());
  }

  @Test
  void metricsAnswersThePage() throws Exception {
    for (String path : new String[] {"/metrics", "/metrics/", "/metrics?name=x"}) {
      HttpResponse<String> response = send("GET", path);
      assertThat(response.statusCode()).isEqualTo(200);
      assertThat(response.body()).isEqualTo("# the page ü\n");
      assertThat(response.headers().firstValue("content-type"))
          .contains("text/plain; charset=utf-8");
    }
  }

  @Test
  void anyOtherPathAnswersNothingAsTritonDoes() throws Exception {
    for (String path : new String[] {"/", "/metricsx", "/v2/health/live"}) {
      HttpResponse<String> response = send("GET", path);
      assertThat(response.statusCode()).isEqualTo(200);
      assertThat(response.body()).isEmpty();
    }
  }

  @Test
  void anyOtherMethodIsNotAllowed() throws Exception {
    HttpResponse<String> response = send("POST", "/metrics");
    assertThat(response.statusCode()).isEqualTo(405);
    assertThat(response.body()).isEqualTo("{\"error\":\"Method Not Allowed\"}");
    assertThat(send("HEAD", "/metrics").statusCode()).isEqualTo(405);
    assertThat(send("GET", "/metrics").statusCode()).isEqualTo(200);
  }

  @Test
  void garbageIsRefusedAndTheConnectionClosed() throws Exception {
    try (Socket socket = new Socket(ANY.getAddress(), service.address().getPort())) {
      OutputStream out = socket.getOutputStream();
      out.write("this is no HTTP\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      out.flush();
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      assertThat(answer).startsWith("HTTP/1.1 400 Bad Request");
    }
    assertThat(send("GET", "/metrics").statusCode()).isEqualTo(200);
  }

  @Test
  void whoAsksWithoutReadingIsLeftBeforePagesPileUp() throws Exception {
    AtomicInteger pages = new AtomicInteger();
    String page = "x".repeat(1 << 20);
    byte[] request = "GET /metrics HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    try (MetricsService large = MetricsService.open(ANY, () -> counted(pages, page));
        Socket socket = new Socket()) {
      // Bounds what the two kernels' buffers hold, and with it the pages that get out of the way.
      socket.setReceiveBufferSize(1 << 16);
      socket.connect(large.address());
      OutputStream out = socket.getOutputStream();
      assertThatThrownBy(
              () -> {
                while (true) {
                  out.write(request);
                }
              })
          .isInstanceOf(IOException.class);
    }
    assertThat(pages).hasValueLessThan(200);
  }

  private static String counted(AtomicInteger pages, String page) {
    pages.incrementAndGet();
    return page;
  }

  @Test
  void aPortThatIsTakenIsRefused() {
    assertThatThrownBy(
            () ->
                MetricsService.open(
                    new InetSocketAddress(ANY.getAddress(), service.address().getPort()), () -> ""))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("Address already in use");
  }

  @Test
  void tasksRunNowAndThen() throws Exception {
    CountDownLatch runs = new CountDownLatch(3);
    service.every(Duration.ofMillis(1), runs::countDown);
    assertThat(runs.await(30, TimeUnit.SECONDS)).isTrue();
  }
}
