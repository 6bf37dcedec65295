package dev.nereid.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.protocol.ModelVersionPolicy;
import dev.nereid.protocol.ModelVersionPolicy.All;
import dev.nereid.protocol.ModelVersionPolicy.Latest;
import dev.nereid.protocol.ModelVersionPolicy.Specific;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VersionsTest {

  private static final List<Long> ON_DISK = List.of(1L, 3L, 20L);

  @Test
  void onlyFoldersNamedByAPositiveNumberWithoutLeadingZerosAreVersions(@TempDir Path repository)
      throws Exception {
    ModelFolder model = new ModelFolder(repository, "m");
    for (String name :
        List.of(
            "10",
            "2",
            "0",
            "03",
            "-1",
            "+4",
            "1.5",
            "a",
            "5b",
            "configs",
            "warmup",
            "9223372036854775807",
            "9223372036854775808",
            "99999999999999999999")) {
      model.folder(name);
    }
    model.file("7", "a file, not a folder");
    String five = "\u0665";
    if (Charset.forName(System.getProperty("sun.jnu.encoding")).newEncoder().canEncode(five)) {
      model.folder(five);
    }
    Files.createSymbolicLink(model.path().resolve("8"), model.path().resolve("2"));
    Files.createSymbolicLink(model.path().resolve("9"), model.path().resolve("gone"));

    assertThat(Versions.onDisk(model.path())).containsExactly(2L, 8L, 10L, Long.MAX_VALUE);
  }

  @Test
  void aDirectoryThatIsNotThereIsAnError(@TempDir Path repository) {
    Path gone = repository.resolve("gone");

    assertThatThrownBy(() -> Versions.onDisk(gone))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(gone + ": cannot be read: ");
  }

  @Test
  void latestAsksForTheLargestNumbers() {
    assertThat(choose(latest(1))).containsExactly(20L);
    assertThat(choose(latest(2))).containsExactly(3L, 20L);
    assertThat(choose(latest(9))).containsExactlyElementsOf(ON_DISK);
    assertThat(choose(latest(-1))).containsExactlyElementsOf(ON_DISK);
    assertThat(choose(latest(0))).isEmpty();
  }

  @Test
  void allAsksForEveryVersion() {
    assertThat(choose(ModelVersionPolicy.newBuilder().setAll(All.getDefaultInstance()).build()))
        .containsExactlyElementsOf(ON_DISK);
  }

  @Test
  void aPolicyThatSaysNothingAsksForEveryVersion() {
    assertThat(choose(ModelVersionPolicy.getDefaultInstance())).containsExactlyElementsOf(ON_DISK);
  }

  @Test
  void specificAsksForThoseThatAreThere() {
    ModelVersionPolicy policy =
        ModelVersionPolicy.newBuilder()
            .setSpecific(Specific.newBuilder().addVersions(20).addVersions(1).addVersions(7))
            .build();

    assertThat(choose(policy)).containsExactly(1L, 20L);
  }

  private static ModelVersionPolicy latest(int count) {
    return ModelVersionPolicy.newBuilder()
        .setLatest(Latest.newBuilder().setNumVersions(count))
        .build();
  }

  private static List<Long> choose(ModelVersionPolicy policy) {
    return Versions.choose(policy, ON_DISK);
  }
}
