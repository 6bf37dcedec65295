package dev.nereid.backend.tensorrt;

import java.util.ArrayDeque;
import java.util.Deque;
import org.bytedeco.javacpp.Pointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What must be freed, each after what was made of it: freed in the reverse of the order in which it
 * was added. Not thread-safe.
 */
final class Owned implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Owned.class);

  /** The deleting destructor of nearly all of TensorRT's classes, which declare it first. */
  private static final int DESTRUCTOR = 1;

  /** Of the ONNX parser's, which declares eight functions before. */
  private static final int PARSER_DESTRUCTOR = 9;

  private final Deque<Freeing> freeings = new ArrayDeque<>();

  /** Frees one thing. */
  @FunctionalInterface
  interface Freeing {
    void free() throws CudaException;
  }

  /** Adds one thing, already made. */
  void add(Freeing freeing) {
    freeings.push(freeing);
  }

  /** Adds memory of the device. */
  Address memory(Address memory) {
    add(() -> Cuda.free(memory));
    return memory;
  }

  /** Adds a C++ object of TensorRT's, other than a parser. */
  <T extends Pointer> T object(T object) {
    long address = object.address();
    add(() -> NativeLibraries.delete(address, DESTRUCTOR));
    return object;
  }

  /** Adds a parser of TensorRT's. */
  <T extends Pointer> T parser(T parser) {
    long address = parser.address();
    add(() -> NativeLibraries.delete(address, PARSER_DESTRUCTOR));
    return parser;
  }

  /** Adds a pointer of the presets' that has its own memory. */
  <T extends Pointer> T pointer(T pointer) {
    add(pointer::close);
    return pointer;
  }

  /** Frees all; what cannot be freed is logged, since a lost device frees nothing. */
  @Override
  public void close() {
    while (!freeings.isEmpty()) {
      try {
        freeings.pop().free();
      } catch (CudaException e) {
        log.warn("Not freed: {}", e.getMessage());
      }
    }
  }
}
