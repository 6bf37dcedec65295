package dev.nereid.backend.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.StringRows;
import dev.nereid.tensor.Shapes;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Tensors of strings, byte for byte. The engine's Java API goes through {@code java.lang.String}
 * and JNI's modified UTF-8, which spoils emoji, zero bytes and whatever is not UTF-8; its C API
 * does not. Thread-safe.
 */
final class StringTensors {

  /** Places in the C API's table of functions, which only ever grows at its end. */
  private static final int GET_ERROR_MESSAGE = 2;

  private static final int GET_STRING_TENSOR_DATA_LENGTH = 53;
  private static final int GET_STRING_TENSOR_CONTENT = 54;
  private static final int RELEASE_STATUS = 93;
  private static final int GET_RESIZED_STRING_TENSOR_ELEMENT_BUFFER = 252;

  private final OrtEnvironment environment;
  private final OrtInternals internals;
  private final Function getErrorMessage;
  private final Function getDataLength;
  private final Function getContent;
  private final Function releaseStatus;
  private final Function getResizedElementBuffer;

  /** Where the C API leaves an element's place; one for all, since there may be many elements. */
  private final PointerByReference place = new PointerByReference();

  StringTensors(OrtEnvironment environment, OrtInternals internals) {
    this.environment = environment;
    this.internals = internals;
    Pointer functions = new Pointer(internals.api());
    this.getErrorMessage = function(functions, GET_ERROR_MESSAGE);
    this.getDataLength = function(functions, GET_STRING_TENSOR_DATA_LENGTH);
    this.getContent = function(functions, GET_STRING_TENSOR_CONTENT);
    this.releaseStatus = function(functions, RELEASE_STATUS);
    this.getResizedElementBuffer = function(functions, GET_RESIZED_STRING_TENSOR_ELEMENT_BUFFER);
  }

  /** A tensor of empty strings; to be closed by the caller. */
  OnnxTensor create(long[] shape) throws OrtException {
    String[] empty = new String[Math.toIntExact(Shapes.elementCount(shape))];
    Arrays.fill(empty, "");
    return OnnxTensor.createTensor(environment, empty, shape);
  }

  /** Sets one element to the bytes from the buffer's position to its limit. */
  void set(OnnxTensor tensor, long index, ByteBuffer bytes) throws BackendException {
    call(
        getResizedElementBuffer,
        new Pointer(internals.handle(tensor)),
        index,
        (long) bytes.remaining(),
        place);
    if (bytes.hasRemaining()) {
      place.getValue().getByteBuffer(0, bytes.remaining()).put(bytes);
    }
  }

  /** Copies all elements out. To be closed by the caller. */
  Content read(OnnxTensor tensor, int count) throws BackendException {
    Pointer value = new Pointer(internals.handle(tensor));
    LongByReference total = new LongByReference();
    call(getDataLength, value, total);
    // One more: the native allocator refuses 0, as would a string of nothing at the end.
    Memory bytes = new Memory(total.getValue() + 1);
    try (Memory offsets = new Memory(Math.max(1, count) * (long) Native.SIZE_T_SIZE)) {
      if (count > 0) {
        call(getContent, value, bytes, total.getValue(), offsets, (long) count);
      }
      long[] bounds = Arrays.copyOf(offsets.getLongArray(0, count), count + 1);
      bounds[count] = total.getValue();
      return new Content(bytes, bounds);
    } catch (BackendException | RuntimeException e) {
      bytes.close();
      throw e;
    }
  }

  /** Elements end to end, outside the heap. */
  static final class Content implements StringRows.Reader, AutoCloseable {
    private final Memory bytes;
    private final long[] bounds;

    private Content(Memory bytes, long[] bounds) {
      this.bytes = bytes;
      this.bounds = bounds;
    }

    @Override
    public long encodedBytes(int from, int to) {
      return (long) Integer.BYTES * (to - from) + bounds[to] - bounds[from];
    }

    @Override
    public void encode(int from, int to, ByteBuffer destination) {
      for (int i = from; i < to; i++) {
        long length = bounds[i + 1] - bounds[i];
        destination.putInt(Math.toIntExact(length));
        if (length > 0) {
          destination.put(bytes.getByteBuffer(bounds[i], length));
        }
      }
    }

    @Override
    public void close() {
      bytes.close();
    }
  }

  private void call(Function function, Object... arguments) throws BackendException {
    Pointer status = function.invokePointer(arguments);
    if (status != null) {
      String message = getErrorMessage.invokePointer(new Object[] {status}).getString(0);
      releaseStatus.invokeVoid(new Object[] {status});
      throw new BackendException("onnx runtime error: " + message);
    }
  }

  private static Function function(Pointer functions, int place) {
    return Function.getFunction(functions.getPointer((long) place * Native.POINTER_SIZE));
  }
}
