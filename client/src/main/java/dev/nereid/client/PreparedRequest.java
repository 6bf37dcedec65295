package dev.nereid.client;

/**
 * A request that was serialised once and can be sent any number of times, from any threads, by any
 * client.
 *
 * <p>It holds its bytes in one array on the heap, which is nobody else's: the buffers that it was
 * made from are the caller's again, and there is nothing to close. To send it is to copy the bytes
 * into the connection's buffers, and nothing more.
 */
public final class PreparedRequest {

  private final String modelName;
  private final EncodedRequest encoded;

  private PreparedRequest(String modelName, EncodedRequest encoded) {
    this.modelName = modelName;
    this.encoded = encoded;
  }

  /**
   * Serialises a request.
   *
   * @throws IllegalArgumentException if it has more than 2^31-1 bytes
   */
  public static PreparedRequest of(InferRequest request) {
    return new PreparedRequest(request.modelName(), EncodedRequest.of(request).flattened());
  }

  /** The model that it is for. */
  public String modelName() {
    return modelName;
  }

  /** Bytes of the message, without gRPC's 5 in front. */
  public int sizeBytes() {
    return encoded.sizeBytes();
  }

  EncodedRequest encoded() {
    return encoded;
  }
}
