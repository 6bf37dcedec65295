package dev.nereid.server.endpoint.grpc;

import dev.nereid.protocol.ModelInferRequest;
import dev.nereid.server.inference.InferenceException;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One ModelInfer request as parsed: everything but its tensors as generated code reads it, and its
 * tensors in pooled memory. Or the reason why it could not be parsed, since an exception out of a
 * parser ends a call with a code and a text that are not ours to choose.
 *
 * <p>Not thread-safe: it stays on its call's event loop. Whoever holds it releases it once.
 */
final class InferCall {

  private final ModelInferRequest header;
  private final List<ByteBuf> rawInputs;
  private final @Nullable InferenceException refusal;
  private final long receivedNanos;

  private InferCall(
      ModelInferRequest header,
      List<ByteBuf> rawInputs,
      @Nullable InferenceException refusal,
      long receivedNanos) {
    this.header = header;
    this.rawInputs = rawInputs;
    this.refusal = refusal;
    this.receivedNanos = receivedNanos;
  }

  /**
   * @param header without {@code raw_input_contents}
   * @param rawInputs those, in order; the call owns them from here on
   * @param receivedNanos when the last byte had come, by {@link System#nanoTime}
   */
  static InferCall parsed(ModelInferRequest header, List<ByteBuf> rawInputs, long receivedNanos) {
    return new InferCall(header, new ArrayList<>(rawInputs), null, receivedNanos);
  }

  /** One that is no request. */
  static InferCall refused(InferenceException reason, long receivedNanos) {
    return new InferCall(
        ModelInferRequest.getDefaultInstance(), new ArrayList<>(), reason, receivedNanos);
  }

  ModelInferRequest header() {
    return header;
  }

  long receivedNanos() {
    return receivedNanos;
  }

  /** Why it is none, or null. */
  @Nullable InferenceException refusal() {
    return refusal;
  }

  /** The tensors that the call still owns. */
  List<ByteBuf> rawInputs() {
    return rawInputs;
  }

  /** The first {@code count} tensors are another's from here on; the others are given back. */
  void handOver(int count) {
    rawInputs.subList(0, count).clear();
    release();
  }

  /** Gives the memory back; does nothing the second time. */
  void release() {
    rawInputs.forEach(ByteBuf::release);
    rawInputs.clear();
  }
}
