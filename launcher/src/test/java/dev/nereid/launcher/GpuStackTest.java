package dev.nereid.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.launcher.ShellScript.Ended;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code bin/nereid} with a GPU stack, beside a Java that says what it was started with. */
@SuppressWarnings("NullAway.Init") // JUnit fills these before each test.
class GpuStackTest {

  private static final String JAVA =
      """
      printf 'LD_LIBRARY_PATH=%s\\n' "${LD_LIBRARY_PATH-unset}"
      printf 'TENSORFLOW_LIBRARY_PATH=%s\\n' "${TENSORFLOW_LIBRARY_PATH-unset}"
      printf 'NEREID_GPU_STACK=%s\\n' "${NEREID_GPU_STACK-unset}"
      printf '%s\\n' "$@"
      """;

  @TempDir private Path directory;
  private Path home;
  private Path java;

  @BeforeEach
  void layOutADistribution() throws Exception {
    home = directory.toRealPath().resolve("a distribution");
    ShellScript.copy("dist/src/bin/nereid", home.resolve("bin/nereid"));
    Files.createDirectories(home.resolve("lib"));
    Files.createFile(home.resolve("lib/nereid-launcher-1.jar"));
    java = directory.resolve("jdk");
    ShellScript.write(java.resolve("bin/java"), JAVA);
    Files.writeString(java.resolve("release"), "JAVA_VERSION=\"17.0.1\"\n");
  }

  private Path stack(String name, String... libraries) throws Exception {
    Path stack = home.resolve("gpu").resolve(name);
    Files.createDirectories(stack.resolve("lib"));
    for (String library : libraries) {
      Files.createFile(stack.resolve("lib").resolve(library));
    }
    Files.writeString(stack.resolve("VERSION"), "1\n");
    return stack;
  }

  private Ended run(Map<String, String> environment, String... arguments) throws Exception {
    Map<String, String> all = new HashMap<>(environment);
    all.put("JAVA_HOME", java.toString());
    return new ShellScript(home.resolve("bin/nereid"), all).run(arguments);
  }

  @Test
  void withoutOneNothingIsSet() throws Exception {
    stack("trt10");
    Ended ended = run(Map.of(), "serve", "--model-repository=m");
    assertThat(ended.code()).isZero();
    assertThat(ended.said().lines())
        .contains(
            "LD_LIBRARY_PATH=unset", "TENSORFLOW_LIBRARY_PATH=unset", "NEREID_GPU_STACK=unset")
        .noneMatch(line -> line.contains("nereid.gpu.stack"));
  }

  @Test
  void itsLibrariesComeBeforeTheMachinesAndServersOfThisProcessHaveItToo() throws Exception {
    Path trt10 = stack("trt10", "libnvinfer.so.10");
    Ended ended = run(Map.of("LD_LIBRARY_PATH", "/usr/cuda"), "--gpu-stack=trt10", "serve", "--x");
    assertThat(ended.said().lines())
        .contains(
            "LD_LIBRARY_PATH=" + trt10 + "/lib:/usr/cuda",
            "TENSORFLOW_LIBRARY_PATH=unset",
            "NEREID_GPU_STACK=trt10",
            "-Dnereid.gpu.stack=" + trt10,
            "serve",
            "--x")
        .noneMatch(line -> line.contains("--gpu-stack") || line.contains("onnxruntime.native"));
  }

  @Test
  void tensorFlowAndOnnxRuntimeAreToldOfTheirs() throws Exception {
    Path tftrt = stack("tftrt", "libjnitensorflow.so");
    assertThat(run(Map.of("NEREID_GPU_STACK", "tftrt"), "serve").said().lines())
        .contains("TENSORFLOW_LIBRARY_PATH=" + tftrt + "/lib");
    Path ort = stack("ort-gpu", "libonnxruntime.so");
    assertThat(run(Map.of(), "serve", "--gpu-stack", "ort-gpu", "--y").said().lines())
        .contains("-Donnxruntime.native.path=" + ort + "/lib", "LD_LIBRARY_PATH=" + ort + "/lib")
        .endsWith("serve", "--y");
  }

  @Test
  void theFlagWinsOverTheVariable() throws Exception {
    Path trt10 = stack("trt10");
    stack("tftrt");
    assertThat(run(Map.of("NEREID_GPU_STACK", "tftrt"), "--gpu-stack=trt10", "serve").said())
        .contains("-Dnereid.gpu.stack=" + trt10);
  }

  @Test
  void aFolderMayBeAStackToo() throws Exception {
    Path mine = directory.toRealPath().resolve("mine");
    Files.createDirectories(mine.resolve("lib"));
    assertThat(run(Map.of(), "--gpu-stack=" + mine + "/", "serve").said().lines())
        .contains(
            "-Dnereid.gpu.stack=" + mine,
            "NEREID_GPU_STACK=" + mine,
            "LD_LIBRARY_PATH=" + mine + "/lib");
  }

  @Test
  void oneThatWasNotBuiltIsNamedWithTheCommandThatBuildsIt() throws Exception {
    Path half = home.resolve("gpu/tftrt");
    Files.createDirectories(half.resolve("lib"));
    Ended ended = run(Map.of(), "--gpu-stack=tftrt", "serve");
    assertThat(ended.code()).isEqualTo(1);
    assertThat(ended.said())
        .startsWith(
            "nereid: --gpu-stack: tftrt: " + half + " is not there, or not whole (expected:")
        .contains("./nereid --gpu-stack=tftrt", "mvn package -DskipTests -Pgpu-tftrt")
        .hasLineCount(1);
  }

  @Test
  void oneThatDoesNotExistIsRefused() throws Exception {
    for (List<String> arguments :
        List.of(
            List.of("--gpu-stack=trt11", "serve"),
            List.of("--gpu-stack=/no/such/folder", "serve"),
            List.of("serve", "--gpu-stack"))) {
      Ended ended = run(Map.of(), arguments.toArray(String[]::new));
      assertThat(ended.code()).isEqualTo(1);
      assertThat(ended.said()).startsWith("nereid: --gpu-stack: ").contains("(expected: ");
    }
  }
}
