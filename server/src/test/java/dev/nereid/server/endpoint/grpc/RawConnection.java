package dev.nereid.server.endpoint.grpc;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An HTTP/2 connection written frame by frame, for clients that no library would let one be. It
 * reads nothing unless told.
 */
final class RawConnection implements AutoCloseable {

  private static final int DATA = 0;
  private static final int HEADERS = 1;
  private static final int RST_STREAM = 3;
  private static final int SETTINGS = 4;
  private static final int PING = 6;
  private static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;
  private static final int CANCEL = 8;

  private final Socket socket;
  private final DataOutputStream out;

  RawConnection(int port) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(30_000);
    out = new DataOutputStream(socket.getOutputStream());
    out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    frame(SETTINGS, 0, 0, new byte[0]);
  }

  /** Begins a ModelInfer call on that stream. */
  void begin(int stream, String... moreHeaders) throws IOException {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put(":method", "POST");
    headers.put(":scheme", "http");
    headers.put(":path", "/inference.GRPCInferenceService/ModelInfer");
    headers.put(":authority", "localhost");
    headers.put("content-type", "application/grpc");
    headers.put("te", "trailers");
    for (int i = 0; i < moreHeaders.length; i += 2) {
      headers.put(moreHeaders[i], moreHeaders[i + 1]);
    }
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    headers.forEach(
        (name, value) -> {
          // A literal that is not to be indexed; every text is shorter than 127 bytes.
          block.write(0);
          block.write(name.length());
          block.writeBytes(name.getBytes(StandardCharsets.US_ASCII));
          block.write(value.length());
          block.writeBytes(value.getBytes(StandardCharsets.US_ASCII));
        });
    frame(HEADERS, END_HEADERS, stream, block.toByteArray());
  }

  /**
   * Sends bytes of a message behind gRPC's prefix, which may claim another length than they have.
   */
  void message(int stream, int claimedLength, byte[] bytes, boolean end) throws IOException {
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    DataOutputStream prefixed = new DataOutputStream(data);
    prefixed.writeByte(0);
    prefixed.writeInt(claimedLength);
    prefixed.write(bytes);
    frame(DATA, end ? END_STREAM : 0, stream, data.toByteArray());
  }

  /** Ends the request without another byte. */
  void end(int stream) throws IOException {
    frame(DATA, END_STREAM, stream, new byte[0]);
  }

  void cancel(int stream) throws IOException {
    frame(RST_STREAM, 0, stream, new byte[] {0, 0, 0, CANCEL});
  }

  void ping() throws IOException {
    frame(PING, 0, 0, new byte[8]);
  }

  /** All that the server sends until it hangs up, as Latin-1. */
  String readToEnd() throws IOException {
    return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
  }

  private void frame(int type, int flags, int stream, byte[] payload) throws IOException {
    out.writeByte(payload.length >> 16);
    out.writeShort(payload.length);
    out.writeByte(type);
    out.writeByte(flags);
    out.writeInt(stream);
    out.write(payload);
    out.flush();
  }

  /** Hangs up without a goodbye. */
  @Override
  public void close() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }
}
