package dev.nereid.server.endpoint.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import dev.nereid.protocol.ModelInferRequest;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.memory.TensorMemory;
import io.grpc.MethodDescriptor.Marshaller;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * Parses a ModelInferRequest with one copy of its tensors.
 *
 * <p>Each entry of {@code raw_input_contents} goes from the slices that the transport received
 * straight into pooled memory. Every other field is gathered, byte for byte, and parsed by
 * generated code, so that merging, unknown fields, groups and UTF-8 are as everywhere else. A
 * message that does not show its slices, such as a compressed one, is parsed by generated code
 * whole, and its tensors copied then.
 *
 * <p>It faces the network: no length is believed before the bytes are seen to be there, and
 * whatever was allocated when a message proves to be none is given back.
 *
 * <p>Thread-safe.
 */
final class InferCallMarshaller implements Marshaller<InferCall> {

  /** As the generated parsers of other servers say it. */
  static final String UNPARSABLE = "Unable to parse request";

  /**
   * Entries that no input needs are ignored, as Triton does, but not in any number: an entry of two
   * bytes would cost a hundred here.
   */
  static final int MAX_SURPLUS_ENTRIES = 1024;

  private static final int RAW_FIELD = ModelInferRequest.RAW_INPUT_CONTENTS_FIELD_NUMBER;
  private static final int INPUTS_FIELD = ModelInferRequest.INPUTS_FIELD_NUMBER;

  private static final ThreadLocal<MessageHeader> HEADERS =
      ThreadLocal.withInitial(MessageHeader::new);

  private final TensorMemory memory;

  InferCallMarshaller(TensorMemory memory) {
    this.memory = memory;
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
    InferenceException refusal;
    try {
      ModelInferRequest header =
          SliceReader.canRead(stream)
              ? walk(new SliceReader(stream), raw)
              : parseWhole(stream, raw);
      return InferCall.parsed(header, raw, receivedNanos);
    } catch (MalformedMessageException | InvalidProtocolBufferException e) {
      refusal = new InferenceException(StatusCode.INTERNAL, UNPARSABLE);
    } catch (IOException e) {
      refusal = new InferenceException(StatusCode.INTERNAL, UNPARSABLE + ": " + e.getMessage());
    } catch (InferenceException e) {
      refusal = e;
    } catch (OutOfMemoryError e) {
      refusal =
          new InferenceException(
              StatusCode.RESOURCE_EXHAUSTED, "request: more heap than there is to parse it");
    }
    raw.forEach(ByteBuf::release);
    return InferCall.refused(refusal, receivedNanos);
  }

  private ModelInferRequest walk(SliceReader message, List<ByteBuf> raw)
      throws IOException, InferenceException {
    MessageHeader header = HEADERS.get();
    header.clear();
    int inputs = 0;
    int depth = 0;
    while (message.remaining() > 0) {
      int tag = (int) message.readVarint();
      int field = WireFormat.getTagFieldNumber(tag);
      int wireType = WireFormat.getTagWireType(tag);
      if (depth == 0 && field == RAW_FIELD && wireType == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
        int length = message.readLength();
        checkSurplus(raw.size(), inputs);
        ByteBuf tensor = memory.allocate(length);
        raw.add(tensor);
        message.read(tensor, length);
        continue;
      }
      if (depth == 0 && field == INPUTS_FIELD) {
        inputs++;
      }
      header.writeVarint(tag);
      switch (wireType) {
        case WireFormat.WIRETYPE_VARINT -> header.copyVarint(message);
        case WireFormat.WIRETYPE_FIXED64 -> header.copy(message, 8);
        case WireFormat.WIRETYPE_LENGTH_DELIMITED -> {
          int length = message.readLength();
          header.writeVarint(length);
          header.copy(message, length);
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

  private ModelInferRequest parseWhole(InputStream stream, List<ByteBuf> raw)
      throws IOException, InferenceException {
    CodedInputStream message = CodedInputStream.newInstance(stream);
    message.setSizeLimit(Integer.MAX_VALUE);
    ModelInferRequest request = ModelInferRequest.parser().parseFrom(message);
    message.checkLastTagWas(0);
    for (ByteString bytes : request.getRawInputContentsList()) {
      checkSurplus(raw.size(), request.getInputsCount());
      ByteBuf tensor = memory.allocate(bytes.size());
      raw.add(tensor);
      bytes.copyTo(tensor.nioBuffer(0, bytes.size()));
      tensor.writerIndex(bytes.size());
    }
    return raw.isEmpty() ? request : request.toBuilder().clearRawInputContents().build();
  }

  private static void checkSurplus(int index, int inputs) throws InferenceException {
    if (index >= inputs + MAX_SURPLUS_ENTRIES) {
      throw new InferenceException(
          StatusCode.RESOURCE_EXHAUSTED,
          "raw_input_contents: more than "
              + index
              + " entries (expected: at most "
              + MAX_SURPLUS_ENTRIES
              + " more than the inputs before them)");
    }
  }
}
