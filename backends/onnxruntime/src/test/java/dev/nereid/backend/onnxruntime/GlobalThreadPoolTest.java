package dev.nereid.backend.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.backend.Backend;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.contract.ContractModel;
import dev.nereid.backend.contract.TestBatch;
import dev.nereid.backend.contract.TestRequest;
import dev.nereid.backend.contract.TestTensor;
import dev.nereid.tensor.DataType;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A global thread pool is of the process, so it takes a process of its own. */
class GlobalThreadPoolTest {

  private static final int POOL = 5;

  @Test
  void sessionsShareOnePool(@TempDir Path directory) throws Exception {
    File output = directory.resolve("output").toFile();
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Server.class.getName(),
                directory.toString())
            .redirectErrorStream(true)
            .redirectOutput(output)
            .start();
    int exit = process.waitFor();
    String said = Files.readString(output.toPath());
    assertThat(exit).as(said).isZero();
    // One pool, though there are three sessions whose model asks for 7 threads each.
    assertThat(said).contains("native threads: " + POOL);
  }

  /** The process. */
  static final class Server {

    private Server() {}

    public static void main(String[] args) throws Exception {
      Path version = Files.createDirectories(Path.of(args[0], "echo", "1"));
      ContractModel echo =
          OnnxModels.echo(version, 8, DataType.FP32, -1, 3)
              .withParameters(Map.of("intra_op_thread_count", "7"));
      long before = threads();
      Backend backend =
          new OnnxRuntimeProvider()
              .start(
                  Map.of(
                      "enable-global-threadpool", "1",
                      "intra_op_thread_count", Integer.toString(POOL),
                      "inter_op_thread_count", "1"));
      backend.inspect(echo.spec().source());
      try (LoadedModel model = backend.load(echo.spec());
          ModelInstance first = model.createInstance(instance(0));
          ModelInstance second = model.createInstance(instance(1));
          ModelInstance third = model.createInstance(instance(2))) {
        for (ModelInstance instance : new ModelInstance[] {first, second, third}) {
          TestTensor tensor = TestTensor.fp32(new long[] {1, 3}, 1, 2, 3);
          TestBatch batch = TestBatch.of(new TestRequest("INPUT", tensor));
          instance.execute(batch);
          assertThat(batch.output(0, "OUTPUT").floats()).containsExactly(1, 2, 3);
        }
        System.out.println("native threads: " + (threads() - before));
      }
    }

    private static InstanceSpec instance(int index) {
      return new InstanceSpec("echo_0_" + index, InstanceKind.CPU, 0);
    }

    /** Threads of this process that are not the virtual machine's. */
    private static long threads() throws Exception {
      try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
        long count = 0;
        for (Path task : tasks.toList()) {
          // Threads of a library keep the name of the process.
          count += Files.readString(task.resolve("comm")).strip().equals("java") ? 1 : 0;
        }
        return count;
      }
    }
  }
}
