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
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the engine does to its machine when it starts, which it does once a process. */
class EngineStartTest {

  @TempDir private Path directory;

  private Path folder(String name) throws Exception {
    return Files.createDirectories(directory.resolve(name));
  }

  @Test
  void nothingIsReportedToItsMakerAndNothingLeftInTheUsersHome() throws Exception {
    Path home = folder("home");
    ChildJvm server = new ChildJvm();
    // Left to itself it reports, from a database there, unless it takes this for a build server.
    server.environment().clear();
    server.environment().put("HOME", home.toString());
    server.environment().put("XDG_CACHE_HOME", home.toString());
    server.run(directory, Server.class, folder("models").toString(), folder("cache").toString());
    try (Stream<Path> left = Files.walk(home)) {
      assertThat(left).containsExactly(home);
    }
  }

  /** Serves one batch of strings. */
  static final class Server {

    private Server() {}

    public static void main(String[] args) throws Exception {
      Path version = Files.createDirectories(Path.of(args[0], "echo", "1"));
      ContractModel echo = OnnxModels.echo(version, 8, DataType.BYTES, -1, 2);
      Backend backend = new OnnxRuntimeProvider().start(Map.of("library-cache-directory", args[1]));
      TestTensor tensor = TestTensor.strings(new long[] {1, 2}, "left", "right");
      try (LoadedModel model = backend.load(echo.spec());
          ModelInstance instance =
              model.createInstance(new InstanceSpec("echo_0_0", InstanceKind.CPU, 0))) {
        TestBatch batch = TestBatch.of(new TestRequest("INPUT", tensor));
        instance.execute(batch);
        assertThat(batch.output(0, "OUTPUT").raw()).isEqualTo(tensor.raw());
      }
    }
  }
}
