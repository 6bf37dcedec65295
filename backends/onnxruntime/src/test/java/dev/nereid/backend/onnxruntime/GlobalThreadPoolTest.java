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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A global thread pool is of the process, so it takes a process of its own.
 *
 * <p>A pool for n threads starts n - 1, since whoever calls it computes too. The engine and the
 * virtual machine may start some of their own at any time; so what is told apart here is pools, by
 * bounds that a few threads more do not reach.
 */
class GlobalThreadPoolTest {

  private static final int POOL = 9;
  private static final int SESSIONS = 3;
  private static final int PER_SESSION = 17;

  @TempDir private Path directory;

  /**
   * Threads that were started.
   *
   * @param withTheEngine before there was a session
   * @param withTheSessions with {@value #SESSIONS}, whose model asks for {@value #PER_SESSION} each
   */
  private record Started(int withTheEngine, int withTheSessions) {}

  private Started started(String... settings) throws Exception {
    String[] arguments =
        Stream.concat(Stream.of(directory.toString()), Arrays.stream(settings))
            .toArray(String[]::new);
    String said = new ChildJvm().run(directory, Server.class, arguments);
    Matcher counts = Pattern.compile("started: (\\d+), then (\\d+)").matcher(said);
    assertThat(counts.find()).as(said).isTrue();
    return new Started(Integer.parseInt(counts.group(1)), Integer.parseInt(counts.group(2)));
  }

  @Test
  void sessionsShareOnePool() throws Exception {
    Started started =
        started(
            "enable-global-threadpool=1",
            "intra_op_thread_count=" + POOL,
            "inter_op_thread_count=1");
    assertThat(started.withTheEngine()).isGreaterThanOrEqualTo(POOL - 1);
    assertThat(started.withTheSessions()).isLessThan(PER_SESSION - 1);
  }

  @Test
  void withoutItEverySessionHasAPoolOfItsOwn() throws Exception {
    assertThat(started().withTheSessions()).isGreaterThanOrEqualTo(SESSIONS * (PER_SESSION - 1));
  }

  /** The process. */
  static final class Server {

    private Server() {}

    public static void main(String[] args) throws Exception {
      Map<String, String> settings =
          Arrays.stream(args)
              .skip(1)
              .map(setting -> setting.split("=", 2))
              .collect(Collectors.toMap(setting -> setting[0], setting -> setting[1]));
      Path version = Files.createDirectories(Path.of(args[0], "echo", "1"));
      ContractModel echo =
          OnnxModels.echo(version, 8, DataType.FP32, -1, 3)
              .withParameters(Map.of("intra_op_thread_count", Integer.toString(PER_SESSION)));
      Set<String> atFirst = threads();
      Backend backend = new OnnxRuntimeProvider().start(settings);
      backend.inspect(echo.spec().source());
      Set<String> withTheEngine = threads();
      try (LoadedModel model = backend.load(echo.spec());
          ModelInstance first = model.createInstance(instance(0));
          ModelInstance second = model.createInstance(instance(1));
          ModelInstance third = model.createInstance(instance(2))) {
        ModelInstance[] instances = {first, second, third};
        assertThat(instances).hasSize(SESSIONS);
        for (ModelInstance instance : instances) {
          TestTensor tensor = TestTensor.fp32(new long[] {1, 3}, 1, 2, 3);
          TestBatch batch = TestBatch.of(new TestRequest("INPUT", tensor));
          instance.execute(batch);
          assertThat(batch.output(0, "OUTPUT").floats()).containsExactly(1, 2, 3);
        }
        Set<String> withTheSessions = threads();
        withTheSessions.removeAll(withTheEngine);
        withTheEngine.removeAll(atFirst);
        System.out.println("started: " + withTheEngine.size() + ", then " + withTheSessions.size());
      }
    }

    private static InstanceSpec instance(int index) {
      return new InstanceSpec("echo_0_" + index, InstanceKind.CPU, 0);
    }

    /** The kernel's numbers of this process's threads. */
    private static Set<String> threads() throws Exception {
      try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
        return tasks
            .map(task -> task.getFileName().toString())
            .collect(Collectors.toCollection(TreeSet::new));
      }
    }
  }
}
