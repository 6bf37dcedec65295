package dev.nereid.client;

import java.time.Duration;

/**
 * HTTP/2 pings that find a dead connection. A server may close connections that ping more often
 * than it permits: grpc-java every 5 minutes, unless told otherwise.
 *
 * @param time without any traffic until a ping is sent
 * @param timeout without an answer until the connection is given up
 * @param withoutCalls whether to ping while no call is open
 */
public record Keepalive(Duration time, Duration timeout, boolean withoutCalls) {

  public Keepalive {
    ClientOptions.requirePositive("time", time);
    ClientOptions.requirePositive("timeout", timeout);
  }
}
