package dev.nereid.models;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BuildCommandTest {

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void helpNamesEveryOptionAndShowsExamples() {
    assertThat(run("build", "--help")).isZero();
    assertThat(out.toString())
        .contains("--into", "--seed", "--variants", "--gpu", "--only", "--cpu-threads", "--force")
        .contains("nereid models build --into models");
  }

  @Test
  void aModelThatDoesNotExistIsRefusedWithTheListOfThoseThatDo(@TempDir Path folder) {
    assertThat(run("build", "--into", folder.toString(), "--only", "resnet18")).isNotZero();
    assertThat(err.toString())
        .contains("only: resnet18 (expected: one of resnet50_original, resnet50_onnx,");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aSetThatDoesNotExistIsRefused() {
    assertThat(run("build", "--into", "x", "--variants", "tpu")).isNotZero();
    assertThat(err.toString()).contains("tpu (expected: one of [cpu, quickstart, tutorial, gpu])");
  }

  @Test
  void noThreadsAtAllAreRefused() {
    assertThat(run("build", "--into", "x", "--cpu-threads", "0")).isNotZero();
    assertThat(err.toString()).contains("cpu-threads: 0 (expected: >= 1)");
  }

  @Test
  void aFileInTheFoldersPlaceIsAnErrorWithItsName(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("taken"), "");
    assertThat(run("build", "--into", file.toString())).isEqualTo(5);
    assertThat(err.toString()).startsWith("nereid models build: ").contains(file.toString());
  }

  private int run(String... arguments) {
    return ModelsCommand.commandLine(TestEngines.none())
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(arguments);
  }
}
