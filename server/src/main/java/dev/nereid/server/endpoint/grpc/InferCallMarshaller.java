package dev.nereid.server.endpoint.grpc;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import dev.nereid.protocol.ModelInferRequest;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.memory.TensorMemory;
import dev.nereid.server.memory.TensorSource;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.StatusRuntimeException;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Parses a ModelInferRequest with one copy of its tensors.
 *
 * <p>Each entry of {@code raw_input_contents} goes from the slices that the transport received
 * straight into pooled memory. Every other field is gathered, byte for byte, and parsed by
 * generated code, so that merging, unknown fields, groups and UTF-8 are as everywhere else. A
 * message that does not show its slices, a compressed one, is brought into pooled memory first.
 *
 * <p>It faces the network: no length is believed before the bytes are seen to be there, what can
 * grow lies in bounded memory outside the heap, and whatever was allocated when a message proves to
 * be none is given back.
 *
 * <p>Thread-safe.
 */
final class InferCallMarshaller implements Marshaller<InferCall> {

  /** As the generated parsers of other servers say it. */
  static final String UNPARSABLE = "Unable to parse request";

  /**
   * Fields of one message: inputs, their data, outputs, parameters. One of two bytes costs several
   * hundred here, so they may not come in any number.
   */
  static final int MAX_FIELDS = 1 << 14;

  /**
   * Generated code makes up to some 30 bytes of the heap out of one byte of a message that is meant
   * to; several threads may do so at a time.
   */
  private static final int HEAP_SHARE = 64;

  private static final int SMALLEST_MAX_HEADER_BYTES = 4 << 20;

  private static final int FIRST_PART_BYTES = 64 << 10;
  private static final int LARGEST_PART_BYTES = 16 << 20;

  private static final int RAW_FIELD = ModelInferRequest.RAW_INPUT_CONTENTS_FIELD_NUMBER;

  private static final ThreadLocal<MessageHeader> HEADERS =
      ThreadLocal.withInitial(MessageHeader::new);

  private final TensorMemory memory;
  private final Function<String, TensorSource> memoryOf;
  private final int maxHeaderBytes;

  /**
   * @param memory for what is not known to be of a model
   * @param memoryOf where the tensors of a model's requests go; it may not be one that exists
   */
  InferCallMarshaller(TensorMemory memory, Function<String, TensorSource> memoryOf) {
    this(
        memory,
        memoryOf,
        (int)
            Math.max(
                SMALLEST_MAX_HEADER_BYTES,
                Math.min(Integer.MAX_VALUE, Runtime.getRuntime().maxMemory() / HEAP_SHARE)));
  }

  /**
   * @param maxHeaderBytes of a message, its {@code raw_input_contents} left out
   */
  InferCallMarshaller(
      TensorMemory memory, Function<String, TensorSource> memoryOf, int maxHeaderBytes) {
    this.memory = memory;
    this.memoryOf = memoryOf;
    this.maxHeaderBytes = maxHeaderBytes;
  }

  /** Never asked: a server sends no requests. */
  @Override
  public InputStream stream(InferCall call) {
    throw new UnsupportedOperationException("a server sends no requests");
  }

  /** The call, or one that says why it is none; does not throw. */
  @Override
  public InferCall parse(InputStream stream) {
    long receivedNanos = System.nanoTime();
    List<ByteBuf> raw = new ArrayList<>(4);
    List<ByteBuf> parts = List.of();
    InferenceException refusal;
    try {
      SliceReader message;
      if (SliceReader.canRead(stream)) {
        message = SliceReader.of(stream);
      } else {
        parts = new ArrayList<>();
        gather(stream, parts);
        message = SliceReader.of(parts);
      }
      return InferCall.parsed(walk(message, raw), raw, receivedNanos);
    } catch (MalformedMessageException | InvalidProtocolBufferException e) {
      refusal = new InferenceException(StatusCode.INTERNAL, UNPARSABLE);
    } catch (IOException e) {
      refusal = new InferenceException(StatusCode.INTERNAL, UNPARSABLE + ": " + e.getMessage());
    } catch (StatusRuntimeException e) {
      // The transport's word for a message that inflates beyond its bound.
      String text = e.getStatus().getDescription();
      refusal = new InferenceException(StatusCode.RESOURCE_EXHAUSTED, text == null ? "" : text);
    } catch (InferenceException e) {
      refusal = e;
    } catch (OutOfMemoryError e) {
      refusal =
          new InferenceException(
              StatusCode.RESOURCE_EXHAUSTED, "request: more heap than there is to parse it");
    } finally {
      parts.forEach(ByteBuf::release);
    }
    raw.forEach(ByteBuf::release);
    return InferCall.refused(refusal, receivedNanos);
  }

  private ModelInferRequest walk(SliceReader message, List<ByteBuf> raw)
      throws IOException, InferenceException {
    MessageHeader header = HEADERS.get();
    header.clear();
    TensorSource source = memory;
    int fields = 0;
    int depth = 0;
    while (message.remaining() > 0) {
      int tag = (int) message.readVarint();
      if (++fields > MAX_FIELDS) {
        throw tooLarge("fields of a request: more than " + MAX_FIELDS, MAX_FIELDS, "");
      }
      int field = WireFormat.getTagFieldNumber(tag);
      int wireType = WireFormat.getTagWireType(tag);
      if (depth == 0 && field == RAW_FIELD && wireType == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
        int length = message.readLength();
        ByteBuf tensor = source.allocate(length);
        raw.add(tensor);
        message.read(tensor, length);
        continue;
      }
      header.writeVarint(tag);
      switch (wireType) {
        case WireFormat.WIRETYPE_VARINT -> header.copyVarint(message);
        case WireFormat.WIRETYPE_FIXED64 -> header.copy(message, 8);
        case WireFormat.WIRETYPE_LENGTH_DELIMITED -> {
          int length = message.readLength();
          if (length > maxHeaderBytes - header.size()) {
            throw tooLarge(
                "bytes of a request beside raw_input_contents: more than " + maxHeaderBytes,
                maxHeaderBytes,
                "; larger tensors go into raw_input_contents");
          }
          header.writeVarint(length);
          header.copy(message, length);
          if (depth == 0 && field == ModelInferRequest.MODEL_NAME_FIELD_NUMBER) {
            // In front of the tensors, as every serialiser writes it.
            source = memoryOf.apply(header.lastText(length));
          }
        }
        case WireFormat.WIRETYPE_FIXED32 -> header.copy(message, 4);
        // Only the depth matters here; whether the ends match is the generated parser's to say.
        case WireFormat.WIRETYPE_START_GROUP -> depth++;
        case WireFormat.WIRETYPE_END_GROUP -> {
          if (--depth < 0) {
            throw new MalformedMessageException("a group ends that did not begin");
          }
        }
        default -> throw new MalformedMessageException("wire type " + wireType);
      }
    }
    return ModelInferRequest.parser().parseFrom(header.bytes(), 0, header.size());
  }

  /** Reads a stream to its end, into memory that the caller releases also when this throws. */
  private void gather(InputStream stream, List<ByteBuf> parts)
      throws IOException, InferenceException {
    byte[] piece = Pieces.array();
    int partBytes = FIRST_PART_BYTES;
    ByteBuf part = null;
    for (int read = stream.read(piece); read >= 0; read = stream.read(piece)) {
      if (part == null || part.writableBytes() < read) {
        part = memory.allocate(partBytes);
        parts.add(part);
        partBytes = Math.min(2 * partBytes, LARGEST_PART_BYTES);
      }
      part.writeBytes(piece, 0, read);
    }
  }

  private static InferenceException tooLarge(String what, int most, String instead) {
    return new InferenceException(
        StatusCode.RESOURCE_EXHAUSTED, what + " (expected: at most " + most + instead + ")");
  }
}
