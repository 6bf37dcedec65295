package dev.nereid.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.tensor.DataType;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class RepeatedBatchTest {

  private final List<Integer> allocated = new ArrayList<>();
  private boolean closed;

  private final class Counting implements RepeatedBatch.Memory {
    @Override
    public ByteBuffer allocate(int byteSize) throws BackendException {
      if (byteSize > 1000) {
        throw new BackendException("no memory");
      }
      allocated.add(byteSize);
      return ByteBuffer.allocateDirect(byteSize);
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  private static ModelSpec spec(int maxBatchSize, long... shape) {
    return ModelSpec.of(
        new ModelSource("m", 1, Path.of("m"), "model", Map.of()),
        maxBatchSize,
        List.of(new TensorSpec("INPUT", DataType.FP32, shape)),
        List.of(new TensorSpec("OUTPUT", DataType.FP32, shape)));
  }

  private static float first(BatchEntry entry) {
    return Objects.requireNonNull(entry.input("INPUT")).data().getFloat();
  }

  @Test
  void everyRowIsARequestOfItsOwn() throws Exception {
    RepeatedBatch batch = RepeatedBatch.ofRows(spec(8, -1, 2), 3, new Counting());
    batch.input("INPUT").asFloatBuffer().put(new float[] {1, 2, 3, 4, 5, 6});
    assertThat(batch.size()).isEqualTo(3);
    assertThat(batch.inputShape("INPUT")).containsExactly(3, 2);
    for (int i = 0; i < 3; i++) {
      BatchEntry entry = batch.entry(i);
      assertThat(entry.rows()).isEqualTo(1);
      assertThat(Objects.requireNonNull(entry.input("INPUT")).shape()).containsExactly(1, 2);
      assertThat(first(entry)).isEqualTo(1 + 2 * i);
    }
  }

  @Test
  void orAllRowsAreOneRequest() throws Exception {
    RepeatedBatch batch = RepeatedBatch.ofOne(spec(8, -1, 2), 3, new Counting());
    assertThat(batch.size()).isEqualTo(1);
    assertThat(batch.entry(0).rows()).isEqualTo(3);
    assertThat(Objects.requireNonNull(batch.entry(0).input("INPUT")).shape()).containsExactly(3, 2);
    assertThat(RepeatedBatch.ofRows(spec(0, 4, 2), 1, new Counting()).inputShape("INPUT"))
        .as("of a model that does not batch")
        .containsExactly(4, 2);
  }

  @Test
  void aLaterRunTakesTheSameMemoryWhereItFits() throws Exception {
    RepeatedBatch batch = RepeatedBatch.ofOne(spec(8, -1, 2), 1, new Counting());
    batch.output("OUTPUT", DataType.FP32, new long[] {1, 2}, 8).putFloat(1).putFloat(2);
    assertThat(batch.floats("OUTPUT").remaining()).isEqualTo(2);
    batch.output("OUTPUT", DataType.FP32, new long[] {1, 1}, 4).putFloat(3);
    assertThat(batch.floats("OUTPUT").remaining()).isEqualTo(1);
    assertThat(batch.floats("OUTPUT").get()).isEqualTo(3);
    assertThat(allocated).containsExactly(8, 8);
  }

  @Test
  void whatWasNotWrittenOrFailedIsNotRead() throws Exception {
    RepeatedBatch batch = RepeatedBatch.ofOne(spec(8, -1, 2), 1, new Counting());
    assertThatThrownBy(() -> batch.floats("OUTPUT"))
        .hasMessage("output 'OUTPUT': was not written (expected: floats)");
    batch.output("OUTPUT", DataType.INT32, new long[] {1, 1}, 4);
    assertThatThrownBy(() -> batch.floats("OUTPUT"))
        .hasMessage("output 'OUTPUT': INT32 was written (expected: floats)");
    assertThat(batch.result("OUTPUT").remaining()).isEqualTo(4);
    batch.entry(0).fail(new BackendException("bad row"));
    assertThatThrownBy(() -> batch.result("OUTPUT")).hasMessage("bad row");
    batch.forget();
    batch.check();
    assertThatThrownBy(() -> batch.result("OUTPUT")).hasMessageContaining("was not written");
  }

  @Test
  void itsMemoryIsFreedWithItAndWhereItCannotBeMade() throws Exception {
    RepeatedBatch.ofOne(spec(8, -1, 2), 1, new Counting()).close();
    assertThat(closed).isTrue();
    closed = false;
    assertThatThrownBy(() -> RepeatedBatch.ofRows(spec(2000, -1, 2), 2000, new Counting()))
        .hasMessage("no memory");
    assertThat(closed).isTrue();
  }
}
