package dev.nereid.server.scheduling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.backend.BackendException;
import dev.nereid.backend.Batch;
import dev.nereid.backend.BatchEntry;
import dev.nereid.backend.DeviceTensor;
import dev.nereid.backend.InputTensor;
import dev.nereid.backend.TensorSpec;
import dev.nereid.server.config.BatchingConfig;
import dev.nereid.server.config.QueuePolicy;
import dev.nereid.server.inference.DevicePart;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.InferenceRequest;
import dev.nereid.server.inference.InferenceResponse;
import dev.nereid.server.inference.ResponseObserver;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.inference.Tensor;
import dev.nereid.server.memory.ModelMemory;
import dev.nereid.server.memory.TensorMemory;
import dev.nereid.server.metrics.ModelStatistics;
import dev.nereid.tensor.BytesTensors;
import dev.nereid.tensor.DataType;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledDirectByteBuf;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A batch as a backend sees it, and the answers that are cut from it. */
final class RequestBatchTest {

  private static final int MAX_BATCH_SIZE = 8;

  private final ManualClock clock = new ManualClock();
  private final TensorMemory memory = new TensorMemory(1 << 20);
  private final ModelStatistics statistics = new ModelStatistics();
  private final List<Answer> answers = new ArrayList<>();

  /** What one client got; it holds the response until the test's end. */
  private final class Answer implements ResponseObserver {
    @Nullable InferenceResponse response;
    @Nullable InferenceException failure;
    long successesCounted;

    @Override
    public void completed(InferenceResponse answered) {
      response = answered;
      successesCounted = statistics.snapshot().success().count();
    }

    @Override
    public void failed(InferenceException reason) {
      failure = reason;
    }

    List<Tensor> outputs() {
      if (response == null) {
        throw new AssertionError("not answered: " + failure);
      }
      return response.outputs();
    }

    Tensor output(String name) {
      return outputs().stream().filter(o -> o.name().equals(name)).findFirst().orElseThrow();
    }

    List<Float> floats(String name) {
      List<Float> values = new ArrayList<>();
      var floats = output(name).data().nioBuffer().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
      while (floats.hasRemaining()) {
        values.add(floats.get());
      }
      return values;
    }

    @Nullable String text() {
      return failure == null ? null : failure.text();
    }
  }

  @AfterEach
  void nothingIsHeld() {
    for (Answer answer : answers) {
      if (answer.response != null) {
        answer.response.release();
      }
    }
    assertThat(memory.usedBytes()).isZero();
  }

  private ByteBuf floats(float... values) {
    try {
      ByteBuf data = memory.allocate(4L * values.length);
      for (float value : values) {
        data.writeFloatLE(value);
      }
      return data;
    } catch (InferenceException e) {
      throw new AssertionError(e);
    }
  }

  private Tensor input(String name, int rows, float... values) {
    return new Tensor(name, DataType.FP32, new long[] {rows, values.length / rows}, floats(values));
  }

  private InferenceRequest request(int rows, List<String> outputs, Tensor... inputs) {
    Answer answer = new Answer();
    answers.add(answer);
    return new InferenceRequest(
        "r" + answers.size(),
        List.of(inputs),
        outputs,
        rows,
        0,
        0,
        InferenceRequest.NO_DEADLINE,
        clock.nanoTime(),
        Map.of("number", (long) answers.size()),
        Map.of(),
        answer);
  }

  private static TensorSpec output(String name) {
    return new TensorSpec(name, DataType.FP32, -1, -1);
  }

  /** Runs requests as one batch. */
  private void run(
      List<ModelOutput> outputs, Puppet.Behaviour behaviour, InferenceRequest... requests) {
    run(MAX_BATCH_SIZE, outputs, behaviour, requests);
  }

  private void run(
      int maxBatchSize,
      List<ModelOutput> outputs,
      Puppet.Behaviour behaviour,
      InferenceRequest... requests) {
    BatchingConfig config =
        new BatchingConfig(
            "m",
            maxBatchSize,
            maxBatchSize > 0,
            List.of(),
            0,
            false,
            0,
            0,
            QueuePolicy.UNBOUNDED,
            Map.of());
    try (ModelScheduler scheduler =
        new ModelScheduler(
            config,
            1,
            outputs,
            Puppet.instances(1, behaviour),
            statistics,
            new ModelMemory(memory, memory),
            clock,
            (name, reason, left) -> {})) {
      for (InferenceRequest request : requests) {
        scheduler.enqueue(request);
      }
      InstanceWorker worker = scheduler.workers().get(0);
      RequestBatch batch = worker.pull();
      assertThat(batch).isNotNull();
      if (batch != null) {
        worker.execute(batch);
      }
    } catch (InferenceException e) {
      throw new AssertionError(e);
    }
  }

  private static List<ModelOutput> outputs(String... names) {
    return Arrays.stream(names).map(name -> new ModelOutput(output(name))).toList();
  }

  private static void write(Batch batch, String name, float... values) {
    ByteBuffer out =
        batch.output(
            name,
            DataType.FP32,
            new long[] {batch.rows(), values.length / batch.rows()},
            4L * values.length);
    for (float value : values) {
      out.putFloat(value);
    }
  }

  @Test
  void oneRequestsInputIsHandedOutWhereItLies() {
    InferenceRequest request = request(2, List.of(), input("I", 2, 1, 2, 3, 4));
    long address = request.inputs().get(0).data().memoryAddress();
    run(
        outputs(),
        batch -> {
          long before = memory.usedBytes();
          ByteBuffer input = batch.input("I");
          assertThat(memory.usedBytes()).isEqualTo(before);
          assertThat(input.isDirect()).isTrue();
          assertThat(input.order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
          assertThat(input.position()).isZero();
          assertThat(input.remaining()).isEqualTo(16);
          assertThat(input.getFloat(0)).isEqualTo(1);
          assertThat(io.netty.buffer.Unpooled.wrappedBuffer(input).memoryAddress())
              .isEqualTo(address);
        },
        request);
    assertThat(answers.get(0).outputs()).isEmpty();
  }

  @Test
  void inputsOfSeveralRequestsAreCopiedEndToEndOnce() {
    run(
        outputs(),
        batch -> {
          assertThat(batch.size()).isEqualTo(2);
          assertThat(batch.rows()).isEqualTo(3);
          assertThat(batch.inputShape("I")).containsExactly(3, 2);
          ByteBuffer input = batch.input("I");
          for (int i = 0; i < 6; i++) {
            assertThat(input.getFloat(4 * i)).isEqualTo(i + 1);
          }
          assertThat(input.alignmentOffset(0, TensorMemory.ALIGNMENT_BYTES)).isZero();
          long used = memory.usedBytes();
          batch.input("I").putFloat(0, 99);
          assertThat(input.getFloat(0)).isEqualTo(99);
          assertThat(memory.usedBytes()).isEqualTo(used);
          ByteBuffer own = ByteBuffer.allocateDirect(24).order(ByteOrder.LITTLE_ENDIAN);
          batch.copyInput("I", own);
          assertThat(own.getFloat(0)).isEqualTo(1);
          assertThat(own.getFloat(20)).isEqualTo(6);
        },
        request(1, List.of(), input("I", 1, 1, 2)),
        request(2, List.of(), input("I", 2, 3, 4, 5, 6)));
    assertThat(answers).allSatisfy(answer -> assertThat(answer.outputs()).isEmpty());
  }

  @Test
  void anInputInSeveralPiecesIsGathered() {
    ByteBuf pieces =
        io.netty.buffer.Unpooled.compositeBuffer()
            .addComponent(true, floats(1))
            .addComponent(true, floats(2));
    run(
        outputs(),
        batch -> {
          assertThat(batch.input("I").isDirect()).isTrue();
          assertThat(batch.input("I").getFloat(4)).isEqualTo(2);
        },
        request(1, List.of(), new Tensor("I", DataType.FP32, new long[] {1, 2}, pieces)));
    assertThat(answers.get(0).failure).isNull();
  }

  /** A GPU's memory, as far as it can be without one. */
  private static final class OnGpu implements DevicePart {
    private final int device;
    private final @Nullable ByteBuf bytes;
    int reads;
    boolean released;

    /**
     * @param bytes null for memory that is lost
     */
    OnGpu(int device, @Nullable ByteBuf bytes) {
      this.device = device;
      this.bytes = bytes;
    }

    @Override
    public int device() {
      return device;
    }

    @Override
    public long address() {
      return 0xabc0;
    }

    @Override
    public long byteSize() {
      return 8;
    }

    @Override
    public void read(ByteBuf destination) throws InferenceException {
      reads++;
      if (bytes == null) {
        throw new InferenceException(StatusCode.INTERNAL, "the GPU is lost");
      }
      destination.writeBytes(bytes, 0, 8);
    }

    @Override
    public void release() {
      assertThat(released).isFalse();
      released = true;
      if (bytes != null) {
        bytes.release();
      }
    }

    /** An input of two numbers, as one that a request holds. */
    Tensor input() {
      ByteBuf hold =
          new UnpooledDirectByteBuf(UnpooledByteBufAllocator.DEFAULT, 0, 0) {
            @Override
            protected void deallocate() {
              super.deallocate();
              OnGpu.this.release();
            }
          };
      return new Tensor("I", DataType.FP32, new long[] {1, 2}, hold, this);
    }
  }

  @Test
  void anInputOnAGpuIsThereForItsInstancesAndBroughtForAllOthers() {
    OnGpu there = new OnGpu(1, floats(3, 4));
    run(
        outputs("O", "SAME"),
        batch -> {
          BatchEntry entry = batch.entry(1);
          assertThat(entry.deviceInput("I", 1)).isEqualTo(new DeviceTensor(0xabc0, 8));
          assertThat(entry.deviceInput("I", 0)).isNull();
          assertThat(entry.deviceInput("none", 1)).isNull();
          assertThat(batch.entry(0).deviceInput("I", 1)).isNull();
          assertThat(batch.inputShape("I")).containsExactly(2, 2);
          assertThat(there.reads).as("nobody needed it on the host").isZero();

          InputTensor own = entry.input("I");
          assertThat(own).isNotNull();
          if (own != null) {
            assertThat(own.data().getFloat(0)).isEqualTo(3);
          }
          assertThat(batch.input("I").getFloat(12)).isEqualTo(4);
          ByteBuffer copy = ByteBuffer.allocateDirect(16).order(ByteOrder.LITTLE_ENDIAN);
          batch.copyInput("I", copy);
          assertThat(copy.getFloat(8)).isEqualTo(3);
          batch.outputFromInput("SAME", "I");
          assertThat(there.reads).as("brought once").isEqualTo(1);
          write(batch, "O", 1, 2, 3, 4);
        },
        request(1, List.of(), input("I", 1, 1, 2)),
        request(1, List.of(), there.input()));

    assertThat(answers.get(1).floats("O")).containsExactly(3f, 4f);
    assertThat(answers.get(1).floats("SAME")).containsExactly(3f, 4f);
    assertThat(there.released).isTrue();
  }

  @Test
  void anInputThatCannotBeBroughtFailsItsOwnRequest() {
    OnGpu lost = new OnGpu(0, null);
    run(
        outputs("O"),
        batch -> {
          assertThat(batch.input("I").getFloat(0)).isEqualTo(1);
          assertThat(batch.input("I").getFloat(8)).isZero();
          assertThat(batch.input("I").getFloat(16)).isEqualTo(5);
          write(batch, "O", 1, 2, 3);
        },
        request(1, List.of(), input("I", 1, 1, 2)),
        request(1, List.of(), lost.input()),
        request(1, List.of(), input("I", 1, 5, 6)));

    assertThat(answers.get(0).floats("O")).containsExactly(1f);
    assertThat(answers.get(1).text()).isEqualTo("the GPU is lost");
    assertThat(answers.get(2).floats("O")).containsExactly(3f);
    assertThat(lost.released).isTrue();
  }

  @Test
  void anOutputMayBeWrittenToWhereItIsWantedOnAGpu() {
    OnGpu place = new OnGpu(1, null);
    Answer answer = new Answer();
    run(
        outputs("O"),
        batch -> {
          BatchEntry placed = batch.entry(1);
          long[] shape = {1, 2};
          assertThat(batch.entry(0).deviceOutput("O", DataType.FP32, shape, 8, 1)).isNull();
          assertThat(placed.deviceOutput("O", DataType.FP32, shape, 8, 0)).isNull();
          assertThat(placed.deviceOutput("none", DataType.FP32, shape, 8, 1)).isNull();
          assertThat(placed.deviceOutput("O", DataType.FP32, new long[] {1, 3}, 12, 1))
              .as("does not fit")
              .isNull();
          assertThat(placed.deviceOutput("O", DataType.FP32, shape, 8, 1))
              .isEqualTo(new DeviceTensor(0xabc0, 8));
          shape[1] = 99;
          write(batch, "O", 1, 2, 3, 4);
          assertThat(place.released).isFalse();
        },
        request(1, List.of(), input("I", 1, 0)),
        new InferenceRequest(
            "placed",
            List.of(input("I", 1, 0)),
            List.of("O"),
            1,
            0,
            0,
            InferenceRequest.NO_DEADLINE,
            clock.nanoTime(),
            Map.of(),
            Map.of("O", place),
            answer));
    answers.add(answer);

    assertThat(answers.get(0).floats("O")).containsExactly(1f, 2f);
    assertThat(answer.output("O").data().isReadable()).isFalse();
    assertThat(answer.output("O").onDevice()).isSameAs(place);
    assertThat(answer.output("O").shape()).containsExactly(1, 2);
    assertThat(place.released).isTrue();
  }

  @Test
  void anEntryShowsItsOwnRequest() {
    run(
        outputs(),
        batch -> {
          assertThat(batch.entry(1).id()).isEqualTo("r2");
          assertThat(batch.entry(1).rows()).isEqualTo(2);
          assertThat(batch.entry(1).parameters()).isEqualTo(Map.of("number", 2L));
          assertThat(batch.entry(1).input("none")).isNull();
          InputTensor input = batch.entry(1).input("I");
          assertThat(input).isNotNull();
          if (input != null) {
            assertThat(input.shape()).containsExactly(2, 1);
            assertThat(input.data().getFloat(4)).isEqualTo(3);
          }
        },
        request(1, List.of(), input("I", 1, 1)),
        request(2, List.of(), input("I", 2, 2, 3)));
    assertThat(answers).extracting(Answer::text).containsOnlyNulls();
  }

  @Test
  void anOutputIsCutByRowsWithoutACopy() {
    run(
        outputs("O"),
        batch -> write(batch, "O", 1, 2, 3, 4, 5, 6),
        request(1, List.of(), input("I", 1, 0)),
        request(2, List.of(), input("I", 2, 0, 0)));

    assertThat(answers.get(0).floats("O")).containsExactly(1f, 2f);
    assertThat(answers.get(0).output("O").shape()).containsExactly(1, 2);
    assertThat(answers.get(1).floats("O")).containsExactly(3f, 4f, 5f, 6f);
    assertThat(answers.get(1).output("O").shape()).containsExactly(2, 2);
    ByteBuf first = answers.get(0).output("O").data();
    ByteBuf second = answers.get(1).output("O").data();
    assertThat(second.memoryAddress()).isEqualTo(first.memoryAddress() + 8);
    // Only the output's slab is left: the inputs went back when the execution had ended.
    assertThat(memory.usedBytes()).isEqualTo(64);
  }

  @Test
  void anAnswerIsCountedBeforeItsClientIsTold() {
    run(
        outputs(),
        batch -> {},
        request(1, List.of(), input("I", 1, 0)),
        request(1, List.of(), input("I", 1, 0)));
    assertThat(answers).extracting(answer -> answer.successesCounted).containsOnly(2L);
  }

  @Test
  void answersHaveTheOrderOfTheConfigAndWhatTheirClientAskedFor() {
    run(
        outputs("A", "B", "C"),
        batch -> {
          assertThat(batch.wantsOutput("A")).isTrue();
          assertThat(batch.wantsOutput("C")).isFalse();
          assertThat(batch.entry(0).wantsOutput("A")).isFalse();
          write(batch, "C", 5, 6);
          write(batch, "B", 3, 4);
          write(batch, "A", 1, 2);
        },
        request(1, List.of("B"), input("I", 1, 0)),
        request(1, List.of("B", "A"), input("I", 1, 0)));

    assertThat(answers.get(0).outputs()).extracting(Tensor::name).containsExactly("B");
    assertThat(answers.get(1).outputs()).extracting(Tensor::name).containsExactly("A", "B");
    assertThat(answers.get(1).floats("A")).containsExactly(2f);
  }

  @Test
  void anOutputThatIsMissingFailsThoseWhoAskedForIt() {
    run(
        outputs("A", "B"),
        batch -> write(batch, "A", 1, 2),
        request(1, List.of(), input("I", 1, 0)),
        request(1, List.of("A"), input("I", 1, 0)));

    assertThat(answers.get(0).text())
        .isEqualTo("output 'B' of model 'm': the backend did not give it");
    assertThat(answers.get(0).failure).extracting(e -> e.code()).isEqualTo(StatusCode.INTERNAL);
    assertThat(answers.get(1).floats("A")).containsExactly(2f);
  }

  @Test
  void stringsAreCutByTheirElements() {
    run(
        List.of(new ModelOutput(new TensorSpec("S", DataType.BYTES, -1, 2))),
        batch -> {
          ByteBuffer strings = BytesTensors.ofStrings("a", "", "ccc", "dd", "e", "ffff");
          batch.output("S", DataType.BYTES, new long[] {3, 2}, strings.remaining()).put(strings);
        },
        request(1, List.of(), input("I", 1, 0)),
        request(2, List.of(), input("I", 2, 0, 0)));

    assertThat(BytesTensors.toStrings(answers.get(0).output("S").data().nioBuffer()))
        .containsExactly("a", "");
    assertThat(BytesTensors.toStrings(answers.get(1).output("S").data().nioBuffer()))
        .containsExactly("ccc", "dd", "e", "ffff");
  }

  @Test
  void stringsThatDoNotEndWhereTheirMemoryEndsFailTheBatch() {
    for (int lie : new int[] {-1, 1, 100, -5}) {
      answers.clear();
      run(
          List.of(new ModelOutput(new TensorSpec("S", DataType.BYTES, -1, 1))),
          batch -> {
            ByteBuffer out = batch.output("S", DataType.BYTES, new long[] {2, 1}, 12);
            out.putInt(2).putShort((short) 0).putInt(2 + lie).putShort((short) 0);
          },
          request(1, List.of(), input("I", 1, 0)),
          request(1, List.of(), input("I", 1, 0)));
      assertThat(answers).allSatisfy(a -> assertThat(a.text()).startsWith("output 'S': "));
    }
  }

  @Test
  void aModelWithoutABatchDimensionAnswersWithTheShapeThatItWrote() {
    run(
        0,
        List.of(new ModelOutput(new TensorSpec("O", DataType.FP32, 3))),
        batch -> {
          assertThat(batch.rows()).isEqualTo(1);
          assertThat(batch.inputShape("I")).containsExactly(1, 2);
          batch.output("O", DataType.FP32, new long[] {3}, 12).putFloat(8, 7);
        },
        request(1, List.of(), input("I", 1, 1, 2)));
    assertThat(answers.get(0).output("O").shape()).containsExactly(3);
    assertThat(answers.get(0).floats("O").get(2)).isEqualTo(7f);
  }

  @Test
  void aClientSeesAnOutputInTheShapeThatItsModelPromises() {
    run(
        List.of(new ModelOutput(output("O"), shape -> new long[] {shape[0], shape[1] / 2, 2})),
        batch -> write(batch, "O", 1, 2, 3, 4, 5, 6, 7, 8),
        request(1, List.of(), input("I", 1, 0)),
        request(1, List.of(), input("I", 1, 0)));
    assertThat(answers.get(1).output("O").shape()).containsExactly(1, 2, 2);
    assertThat(answers.get(1).floats("O")).containsExactly(5f, 6f, 7f, 8f);
  }

  @Test
  void aShapeThatCannotBeMadeFailsTheRequestsWithoutALeak() {
    run(
        List.of(
            new ModelOutput(output("A")),
            new ModelOutput(
                output("B"),
                shape -> {
                  throw new IllegalArgumentException("no shape");
                })),
        batch -> {
          write(batch, "A", 1, 2);
          write(batch, "B", 1, 2);
        },
        request(1, List.of(), input("I", 1, 0)),
        request(1, List.of("A"), input("I", 1, 0)));
    assertThat(answers)
        .extracting(Answer::text)
        .containsOnly("java.lang.IllegalArgumentException: no shape");
  }

  @Test
  void outputsFromInputsAreTheRequestsOwnMemory() {
    Tensor input = input("I", 1, 4, 5);
    long address = input.data().memoryAddress();
    run(
        outputs("O"),
        batch -> {
          long used = memory.usedBytes();
          batch.outputFromInput("O", "I");
          assertThat(memory.usedBytes()).isEqualTo(used);
        },
        request(1, List.of(), input),
        request(2, List.of(), input("I", 2, 6, 7, 8, 9)));

    assertThat(answers.get(0).output("O").data().memoryAddress()).isEqualTo(address);
    assertThat(answers.get(0).floats("O")).containsExactly(4f, 5f);
    assertThat(answers.get(1).floats("O")).containsExactly(6f, 7f, 8f, 9f);
    assertThat(answers.get(1).output("O").shape()).containsExactly(2, 2);
  }

  @Test
  void anEntryMayHaveAnOutputOfItsOwnSize() {
    run(
        outputs("O"),
        batch -> {
          for (int i = 0; i < batch.size(); i++) {
            batch
                .entry(i)
                .output("O", DataType.FP32, new long[] {1, i + 1L}, 4L * (i + 1))
                .putFloat(4 * i, i);
          }
        },
        request(1, List.of(), input("I", 1, 0)),
        request(1, List.of(), input("I", 1, 0)));
    assertThat(answers.get(0).output("O").shape()).containsExactly(1, 1);
    assertThat(answers.get(1).floats("O")).containsExactly(0f, 1f);
  }

  @Test
  void anEntryFailsAloneAndItsOutputsAreGivenBack() {
    run(
        outputs("O"),
        batch -> {
          write(batch, "O", 1, 2);
          batch.entry(0).output("O", DataType.FP32, new long[] {1, 1}, 4);
          batch.entry(0).fail(new BackendException("not this one"));
          batch.entry(0).fail(new BackendException("the first reason counts"));
        },
        request(1, List.of(), input("I", 1, 0)),
        request(1, List.of(), input("I", 1, 0)));
    assertThat(answers.get(0).text()).isEqualTo("not this one");
    assertThat(answers.get(1).floats("O")).containsExactly(2f);
  }

  @Test
  void anEntryThatFailedKeepsItsReasonWhenTheBatchFails() {
    run(
        outputs("O"),
        batch -> {
          batch.entry(0).fail(new BackendException("mine"));
          throw new BackendException("everyone's");
        },
        request(1, List.of(), input("I", 1, 0)),
        request(1, List.of(), input("I", 1, 0)));
    assertThat(answers).extracting(Answer::text).containsExactly("mine", "everyone's");
  }

  @Test
  void whatABackendGetsWrongFailsItsBatchAndCorruptsNothing() {
    Map<Puppet.Behaviour, String> mistakes =
        Map.of(
            batch -> batch.output("O", DataType.FP32, new long[] {2, 2}, 16),
            "output 'O' of model 'm': the backend gave FP32[2,2] (expected: FP32[1,-1])",
            batch -> batch.output("O", DataType.FP32, new long[] {1}, 4),
            "output 'O' of model 'm': the backend gave FP32[1] (expected: FP32[1,-1])",
            batch -> batch.output("O", DataType.INT64, new long[] {1, 2}, 16),
            "output 'O' of model 'm': the backend gave INT64[1,2] (expected: FP32[1,-1])",
            batch -> batch.output("O", DataType.FP32, new long[] {1, -1}, 4),
            "output 'O' of model 'm': the backend gave FP32[1,-1] (expected: FP32[1,-1])",
            batch -> batch.output("O", DataType.FP32, new long[] {1, 2}, 4),
            "output 'O' of model 'm': 4 bytes (expected: 8 for FP32[1,2])",
            batch -> batch.output("P", DataType.FP32, new long[] {1, 2}, 8),
            "output 'P' of model 'm': no such output (expected: one of [O])",
            batch -> batch.input("J"),
            "input 'J' of model 'm': not in the batch (expected: one of [I])",
            batch -> {
              batch.output("O", DataType.FP32, new long[] {1, 2}, 8);
              batch.output("O", DataType.FP32, new long[] {1, 2}, 8);
            },
            "output 'O' of model 'm': given twice (expected: once a batch)",
            batch -> {
              batch.entry(0).output("O", DataType.FP32, new long[] {1, 2}, 8);
              batch.outputFromInput("O", "I");
            },
            "output 'O' of model 'm': given twice (expected: once a request)");
    mistakes.forEach(
        (mistake, text) -> {
          answers.clear();
          run(outputs("O"), mistake, request(1, List.of(), input("I", 1, 0)));
          assertThat(answers.get(0).text()).isEqualTo(text);
          assertThat(memory.usedBytes()).isZero();
        });
  }

  @Test
  void memoryThatIsNotToBeHadFailsTheBatchAsExhausted() {
    run(
        outputs("O"),
        batch -> batch.output("O", DataType.FP32, new long[] {1, 1 << 20}, 4 << 20),
        request(1, List.of(), input("I", 1, 0)));
    assertThat(answers.get(0).failure)
        .extracting(InferenceException::code)
        .isEqualTo(StatusCode.RESOURCE_EXHAUSTED);
    assertThat(answers.get(0).text()).startsWith("tensor memory: ");
  }

  @Test
  void nothingOfABatchIsAllocatedBeforeTheBackendAsks() {
    long[] used = new long[2];
    InferenceRequest one = request(1, List.of(), input("I", 1, 0));
    InferenceRequest two = request(1, List.of(), input("I", 1, 0));
    used[0] = memory.usedBytes();
    run(outputs(), batch -> used[1] = memory.usedBytes(), one, two);
    assertThat(used[1]).isEqualTo(used[0]);
  }

  @Test
  void copyingIntoTooLittleRoomIsTheBackendsMistake() {
    run(
        outputs(),
        batch ->
            assertThatThrownBy(() -> batch.copyInput("I", ByteBuffer.allocateDirect(3)))
                .isInstanceOf(java.nio.BufferOverflowException.class),
        request(1, List.of(), input("I", 1, 0)));
    assertThat(answers.get(0).failure).isNull();
  }
}
