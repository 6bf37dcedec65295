package dev.nereid.bench.target;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** A metrics page on this machine that says what the test wants. */
public final class FakeMetricsPage implements AutoCloseable {
  private final HttpServer server;
  private final AtomicInteger reads = new AtomicInteger();
  private volatile String content;
  private volatile int status = 200;

  public FakeMetricsPage(String content) throws IOException {
    this.content = content;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/metrics",
        exchange -> {
          byte[] bytes = this.content.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
          reads.incrementAndGet();
        });
    server.start();
  }

  /** The metrics of one GPU as Triton writes them. */
  public static String gpu(String uuid, double use, double watts, long used, long total) {
    return """
        # HELP nv_gpu_utilization GPU utilization rate [0.0 - 1.0)
        # TYPE nv_gpu_utilization gauge
        nv_gpu_utilization{gpu_uuid="%1$s"} %2$s
        # HELP nv_gpu_power_usage GPU power usage in watts
        nv_gpu_power_usage{gpu_uuid="%1$s"} %3$s
        nv_gpu_power_limit{gpu_uuid="%1$s"} 700.000000
        nv_gpu_memory_total_bytes{gpu_uuid="%1$s"} %5$d.000000
        nv_gpu_memory_used_bytes{gpu_uuid="%1$s"} %4$d.000000
        nv_inference_count{model="m",version="1"} 5
        """
        .formatted(uuid, use, watts, used, total);
  }

  public void say(String next) {
    content = next;
  }

  public void answer(int next) {
    status = next;
  }

  /** Returns once it was read that many times more. */
  public void awaitReads(int more) {
    int until = reads.get() + more;
    long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (reads.get() < until) {
      if (System.nanoTime() - giveUp > 0) {
        throw new AssertionError("read " + reads.get() + " times (expected: " + until + ")");
      }
      LockSupport.parkNanos(1_000_000);
    }
  }

  public String url() {
    return "127.0.0.1:" + server.getAddress().getPort() + "/metrics";
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
