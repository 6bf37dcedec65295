package dev.nereid.server.endpoint.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.WireFormat;
import dev.nereid.protocol.InferTensorContents;
import dev.nereid.protocol.ModelInferRequest;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.memory.TensorMemory;
import io.netty.buffer.ByteBuf;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** The parser on messages that are meant to break it. */
class InferCallMarshallerTest {

  private static final int RAW_TAG = (7 << 3) | WireFormat.WIRETYPE_LENGTH_DELIMITED;

  private final ParserOracle oracle = new ParserOracle();
  private final TensorMemory memory = new TensorMemory(2 << 20);
  private final InferCallMarshaller marshaller = new InferCallMarshaller(memory, model -> memory);

  /** Writes a message field by field. */
  private interface Fields {
    void write(CodedOutputStream out) throws IOException;
  }

  private static byte[] message(Fields fields) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    fields.write(out);
    out.flush();
    return bytes.toByteArray();
  }

  private void agree(Fields fields) throws IOException {
    byte[] message = message(fields);
    oracle.check(message, 1);
    oracle.check(message, 3, 1, 7);
    oracle.check(message, message.length + 1);
  }

  private InferenceException refused(byte[] message) {
    InferCall call = marshaller.parse(new SlicedStream(message, 5));
    assertThat(memory.usedBytes()).isZero();
    return Objects.requireNonNull(call.refusal());
  }

  @Test
  void anEmptyMessageIsARequestOfNothing() throws IOException {
    agree(out -> {});
  }

  @Test
  void aWholeRequestIsReadAtAnySlicing() throws IOException {
    byte[] message = Requests.simple().setId("id").build().toByteArray();
    for (int size = 1; size < 20; size++) {
      oracle.check(message, size);
    }
  }

  @Test
  void everyTruncationOfARequestIsSeen() {
    byte[] message = Requests.simple().setId("id").build().toByteArray();
    for (int length = 0; length < message.length; length++) {
      byte[] part = Arrays.copyOf(message, length);
      oracle.check(part, 11);
    }
  }

  @Test
  void everyBitFlipIsReadAsGeneratedCodeReadsIt() {
    byte[] message = Requests.simple().setId("id").build().toByteArray();
    for (int bit = 0; bit < message.length * 8; bit++) {
      byte[] flipped = message.clone();
      flipped[bit / 8] ^= (byte) (1 << (bit % 8));
      oracle.check(flipped, 13);
    }
  }

  @Test
  void aLengthThatLiesAllocatesNothing() throws IOException {
    byte[] twoGigabytes =
        message(
            out -> {
              out.writeUInt32NoTag(RAW_TAG);
              out.writeUInt32NoTag(Integer.MAX_VALUE);
              out.writeRawByte(1);
            });

    assertThat(refused(twoGigabytes).code()).isEqualTo(StatusCode.INTERNAL);
    assertThat(refused(twoGigabytes)).hasMessage("Unable to parse request");
    assertThat(memory.highWaterBytes()).isZero();
  }

  @Test
  void lengthsOfAllKindsThatLieAreRefused() throws IOException {
    for (int length : new int[] {2, 127, 1 << 20, Integer.MAX_VALUE, -1, Integer.MIN_VALUE}) {
      for (int field : new int[] {1, 4, 5, 7, 99}) {
        agree(
            out -> {
              out.writeTag(field, WireFormat.WIRETYPE_LENGTH_DELIMITED);
              out.writeUInt32NoTag(length);
              out.writeRawByte(1);
            });
      }
    }
  }

  @Test
  void whatWasReadBeforeTheMessageBrokeIsGivenBack() throws IOException {
    byte[] broken =
        message(
            out -> {
              out.writeByteArray(7, new byte[1000]);
              out.writeByteArray(7, new byte[2000]);
              out.writeRawByte(0x3a);
            });

    assertThat(refused(broken)).hasMessage("Unable to parse request");
    assertThat(memory.highWaterBytes()).isPositive();
  }

  @Test
  void singularFieldsThatComeTwiceAreMergedAsUsual() throws IOException {
    agree(
        out -> {
          out.writeString(1, "first");
          out.writeByteArray(7, new byte[] {1});
          out.writeString(1, "second");
          out.writeByteArray(7, new byte[] {2});
          out.writeByteArray(5, new byte[] {0x0a, 1, 'A'});
          out.writeByteArray(7, new byte[0]);
        });
  }

  @Test
  void unknownFieldsOfEveryWireTypeAreCarried() throws IOException {
    agree(
        out -> {
          out.writeInt64(99, -1);
          out.writeFixed64(100, 5);
          out.writeByteArray(101, new byte[] {1, 2});
          out.writeFixed32(102, 5);
          out.writeTag(103, WireFormat.WIRETYPE_START_GROUP);
          out.writeByteArray(7, new byte[] {9});
          out.writeTag(7, WireFormat.WIRETYPE_START_GROUP);
          out.writeTag(7, WireFormat.WIRETYPE_END_GROUP);
          out.writeTag(103, WireFormat.WIRETYPE_END_GROUP);
          out.writeByteArray(7, new byte[] {8});
          // The raw field with another wire type is unknown.
          out.writeInt64(7, 3);
        });
  }

  @Test
  void groupsThatDoNotMatchAreRefused() throws IOException {
    agree(out -> out.writeTag(9, WireFormat.WIRETYPE_END_GROUP));
    agree(out -> out.writeTag(9, WireFormat.WIRETYPE_START_GROUP));
    agree(
        out -> {
          out.writeTag(9, WireFormat.WIRETYPE_START_GROUP);
          out.writeTag(8, WireFormat.WIRETYPE_END_GROUP);
        });
    agree(
        out -> {
          for (int i = 0; i < 5000; i++) {
            out.writeTag(9, WireFormat.WIRETYPE_START_GROUP);
          }
        });
  }

  @Test
  void tagsAndVarintsOfOddFormsAreReadAsUsual() throws IOException {
    agree(out -> out.writeUInt32NoTag(0));
    agree(out -> out.writeUInt32NoTag(3));
    agree(out -> out.writeUInt32NoTag((9 << 3) | 6));
    agree(out -> out.writeUInt32NoTag((9 << 3) | 7));
    agree(out -> out.writeRawBytes(new byte[] {-1, -1, -1, -1}));
    agree(out -> out.writeRawBytes(new byte[] {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 1}));
    // A tag of the raw field that is longer than it need be.
    agree(out -> out.writeRawBytes(new byte[] {(byte) 0xba, (byte) 0x80, 0, 1, 5}));
    agree(out -> out.writeRawBytes(new byte[] {(byte) 0xba, (byte) 0x80, (byte) 0x80, 0, 1, 5}));
    // And a length.
    agree(out -> out.writeRawBytes(new byte[] {0x3a, (byte) 0x81, (byte) 0x80, 0, 5}));
    agree(
        out -> {
          out.writeTag(9, WireFormat.WIRETYPE_VARINT);
          out.writeRawBytes(new byte[] {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 1});
        });
  }

  @Test
  void textThatIsNoUtf8IsRefused() throws IOException {
    agree(out -> out.writeByteArray(1, new byte[] {(byte) 0xff}));
  }

  @Test
  void fieldsInANumberThatNoRequestHasAreRefused() throws IOException {
    for (int field : new int[] {4, 5, 6, 7, 99}) {
      byte[] flood =
          message(
              out -> {
                for (int i = 0; i <= InferCallMarshaller.MAX_FIELDS; i++) {
                  out.writeByteArray(field, new byte[0]);
                }
              });

      InferenceException refusal = refused(flood);

      assertThat(refusal.code()).isEqualTo(StatusCode.RESOURCE_EXHAUSTED);
      assertThat(refusal)
          .hasMessage("fields of a request: more than 16384 (expected: at most 16384)");
      oracle.check(flood, 100);
    }
  }

  @Test
  void whatGoesThroughTheHeapIsBounded() {
    byte[] typed =
        Requests.simple(
                Requests.input("A", "BYTES", 1)
                    .setContents(
                        InferTensorContents.newBuilder()
                            .addBytesContents(ByteString.copyFrom(new byte[2000]))))
            .build()
            .toByteArray();
    InferCallMarshaller small = new InferCallMarshaller(memory, model -> memory, 1000);

    InferenceException refusal =
        Objects.requireNonNull(small.parse(new SlicedStream(typed, 100)).refusal());

    assertThat(refusal.code()).isEqualTo(StatusCode.RESOURCE_EXHAUSTED);
    assertThat(refusal)
        .hasMessage(
            "bytes of a request beside raw_input_contents: more than 1000 (expected: at most 1000;"
                + " larger tensors go into raw_input_contents)");
    InferCall call = small.parse(new SlicedStream(Requests.simple().build().toByteArray(), 100));
    assertThat(call.refusal()).isNull();
    call.release();
  }

  @Test
  void aMessageThatInflatesBeyondTheMemoryIsRefusedAndGivenBack() {
    InferCall call = marshaller.parse(new ByteArrayInputStream(new byte[4 << 20]));

    assertThat(Objects.requireNonNull(call.refusal()).code())
        .isEqualTo(StatusCode.RESOURCE_EXHAUSTED);
    assertThat(memory.usedBytes()).isZero();
  }

  @Test
  void tensorsOverTheMemorysBoundAreRefusedAndGivenBack() {
    byte[] message =
        ModelInferRequest.newBuilder()
            .addRawInputContents(ByteString.copyFrom(new byte[1_400_000]))
            .addRawInputContents(ByteString.copyFrom(new byte[1_400_000]))
            .build()
            .toByteArray();

    assertThat(refused(message).code()).isEqualTo(StatusCode.RESOURCE_EXHAUSTED);
  }

  @Test
  void theMemoryOfOneCallIsGivenBackOnce() {
    InferCall call = marshaller.parse(new SlicedStream(Requests.simple().build().toByteArray(), 9));
    ByteBuf first = call.rawInputs().get(0);

    call.handOver(1);

    assertThat(first.refCnt()).isEqualTo(1);
    call.release();
    call.release();
    first.release();
    assertThat(memory.usedBytes()).isZero();
  }

  @Test
  void tensorsGoWhereTheirModelWantsThemIfItIsNamedBeforeThem() throws Exception {
    TensorMemory own = new TensorMemory(1 << 20);
    InferCallMarshaller marshaller =
        new InferCallMarshaller(memory, model -> model.equals("simple") ? own : memory);
    byte[] simple = Requests.simple().build().toByteArray();
    byte[] other = Requests.simple().setModelName("other").build().toByteArray();
    // As no serialiser writes it: the name comes last.
    byte[] late =
        ByteString.copyFrom(Requests.simple().clearModelName().build().toByteArray())
            .concat(ModelInferRequest.newBuilder().setModelName("simple").build().toByteString())
            .toByteArray();

    InferCall call = marshaller.parse(new SlicedStream(simple, 7));
    assertThat(own.usedBytes()).isEqualTo(128);
    assertThat(memory.usedBytes()).isZero();
    call.release();
    for (byte[] message : new byte[][] {other, late}) {
      InferCall elsewhere = marshaller.parse(new SlicedStream(message, 7));
      assertThat(elsewhere.refusal()).isNull();
      assertThat(own.usedBytes()).isZero();
      assertThat(memory.usedBytes()).isEqualTo(128);
      elsewhere.release();
    }
  }

  @Test
  void unknownFieldsInsideAnInputAreKeptToo() {
    byte[] message =
        Requests.simple(
                Requests.input("A", "INT32", 1)
                    .setUnknownFields(
                        UnknownFieldSet.newBuilder()
                            .addField(77, UnknownFieldSet.Field.newBuilder().addVarint(5).build())
                            .build()))
            .build()
            .toByteArray();

    oracle.check(message, 2);
  }

  @Test
  void aServerNeitherSendsRequestsNorReceivesAnswers() {
    InferCall call = marshaller.parse(new SlicedStream(new byte[0], 1));
    assertThatThrownBy(() -> marshaller.stream(call))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> new InferAnswerMarshaller().parse(new SlicedStream(new byte[0], 1)))
        .isInstanceOf(UnsupportedOperationException.class);
  }
}
