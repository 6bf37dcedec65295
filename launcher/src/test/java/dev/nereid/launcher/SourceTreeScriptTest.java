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

/** {@code ./nereid}, beside a Maven that notes what it is to build and makes just that. */
@SuppressWarnings("NullAway.Init") // JUnit fills these before each test.
class SourceTreeScriptTest {

  private static final String MAVEN =
      """
      if [ "$1" = --version ]; then
        echo 'Apache Maven 3.9.9'
        exit
      fi
      echo "$@" >> "$TREE/builds"
      mkdir -p "$TREE/target/nereid/bin"
      printf '#!/bin/sh\\necho started "$@"\\n' > "$TREE/target/nereid/bin/nereid"
      chmod +x "$TREE/target/nereid/bin/nereid"
      echo 1 > "$TREE/target/nereid/VERSION"
      for word in "$@"; do
        case $word in
          -Pgpu-*)
            mkdir -p "$TREE/target/nereid/gpu/${word#-Pgpu-}"
            echo 1 > "$TREE/target/nereid/gpu/${word#-Pgpu-}/VERSION"
            echo "[WARNING]      [echo] there is no C compiler, cc: this is larger"
            ;;
        esac
      done
      """;

  @TempDir private Path directory;
  private Path tree;

  @BeforeEach
  void layOutASourceTree() throws Exception {
    tree = directory.toRealPath().resolve("tree");
    ShellScript.copy("nereid", tree.resolve("nereid"));
    Files.writeString(tree.resolve("pom.xml"), "<project/>");
    ShellScript.write(directory.resolve("tools/mvn"), MAVEN);
    ShellScript.write(directory.resolve("jdk/bin/javac"), "echo 'javac 17.0.1'\n");
  }

  private Ended run(Map<String, String> environment, String... arguments) throws Exception {
    Map<String, String> all = new HashMap<>(environment);
    all.put("JAVA_HOME", directory.resolve("jdk").toString());
    all.put("PATH", directory.resolve("tools") + ":" + System.getenv("PATH"));
    all.put("TREE", tree.toString());
    return new ShellScript(tree.resolve("nereid"), all).run(arguments);
  }

  private List<String> builds() throws Exception {
    return Files.readAllLines(tree.resolve("builds"));
  }

  @Test
  void withoutAGpuStackNoneIsBuilt() throws Exception {
    Ended ended = run(Map.of(), "quickstart");
    assertThat(ended.code()).as(ended.said()).isZero();
    assertThat(ended.said()).endsWith("started quickstart\n");
    assertThat(builds())
        .singleElement()
        .asString()
        .contains("-pl dist/onnxruntime,dist/tensorflow,dist/tensorrt,dist/lib package")
        .doesNotContain("gpu");
    run(Map.of(), "quickstart");
    assertThat(builds()).hasSize(1);
  }

  @Test
  void aGpuStackIsBuiltTheFirstTimeItIsAskedFor() throws Exception {
    run(Map.of(), "--version");
    Ended ended = run(Map.of(), "--gpu-stack=trt10", "serve");
    assertThat(ended.said())
        .contains("GPU stack trt10: downloading")
        .endsWith("started --gpu-stack=trt10 serve\n");
    assertThat(builds()).hasSize(2);
    assertThat(builds().get(1)).contains("-Pgpu-trt10 ", "dist/lib,dist/gpu/trt10 package");
    run(Map.of("NEREID_GPU_STACK", "trt10"), "serve");
    run(Map.of(), "serve", "--gpu-stack", "trt10");
    run(Map.of(), "serve");
    assertThat(builds()).hasSize(2);
    run(Map.of("NEREID_GPU_STACK", "tftrt"), "serve");
    assertThat(builds().get(2)).contains("-Pgpu-tftrt ", "dist/lib,dist/gpu/tftrt package");
  }

  @Test
  void aGpuStackIsBuiltAgainWhenWhatItIsMadeOfHasChanged() throws Exception {
    run(Map.of(), "--gpu-stack=ort-gpu", "serve");
    for (String file : List.of("stacks.xml", "cudnn-handles.c")) {
      int before = builds().size();
      Path changed = Files.createDirectories(tree.resolve("dist/gpu")).resolve(file);
      Files.writeString(changed, "changed");
      run(Map.of(), "--gpu-stack=ort-gpu", "serve");
      assertThat(builds()).as(file).hasSize(before + 1);
      Files.delete(changed);
    }
  }

  @Test
  void aStackThatIsMadeWithoutACompilerSaysWhatThatCosts() throws Exception {
    assertThat(run(Map.of(), "--gpu-stack=ort-gpu", "serve").said())
        .contains("nereid:   there is no C compiler, cc: this is larger\n");
  }

  @Test
  void aFolderIsTakenAsItIs() throws Exception {
    assertThat(run(Map.of(), "--gpu-stack=/opt/stack", "serve").said())
        .endsWith("started --gpu-stack=/opt/stack serve\n");
    assertThat(builds()).singleElement().asString().doesNotContain("-Pgpu");
  }
}
