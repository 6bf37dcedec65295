package dev.nereid.backend;

import dev.nereid.tensor.DataType;
import java.nio.ByteBuffer;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One request of a batch; the rules of {@link Batch} hold. */
public interface BatchEntry {

  /** The client's id; empty where it gave none. */
  String id();

  /** Its rows of the batch; 1 where the model has no batch dimension. */
  int rows();

  /** Its own parameters: Boolean, Long, Double or String by name. */
  Map<String, Object> parameters();

  /** Its input of that name, or null where an optional one was left out. */
  @Nullable InputTensor input(String name);

  /** Whether the client wants that output; one that names none wants them all. */
  boolean wantsOutput(String name);

  /** Memory for this entry's own output, for outputs whose size differs from entry to entry. */
  ByteBuffer output(String name, DataType type, long[] shape, long byteSize);

  /** Answers this entry, and no other, with an error. */
  void fail(BackendException reason);
}
