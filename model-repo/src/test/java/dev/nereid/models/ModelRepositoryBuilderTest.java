package dev.nereid.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.backend.BackendException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ModelRepositoryBuilderTest {

  @TempDir private Path folder;
  private final List<String> progress = new ArrayList<>();

  @Test
  void theSameSeedGivesTheSameBytesInAnyFolder() throws Exception {
    build(request(folder.resolve("one"), 42, "resnet50_original", "resnet50_onnx"));
    build(request(folder.resolve("two"), 42, "resnet50_original", "resnet50_onnx"));
    assertThat(digests(folder.resolve("one"))).isEqualTo(digests(folder.resolve("two")));
  }

  @Test
  void theBytesOfTheDefaultSeedAreThoseOfThisBuilderVersion() throws Exception {
    // Whoever changes these on purpose raises ModelStamp's builder version, so that repositories
    // built before are built again.
    build(request(folder, 42, "resnet50_original", "resnet50_onnx"));
    assertThat(digests(folder))
        .containsEntry(
            "resnet50_original/1/model.savedmodel/saved_model.pb",
            "c1e7521e525f8caf96ef0aca687ab55b374a6c9d24795f4561b7256941ae251d")
        .containsEntry(
            "resnet50_onnx/1/model.onnx",
            "79511bddadfe260e877503905c46d72d198ebb543135b2ebb169c9502b5ffc47");
  }

  @Test
  void anotherSeedGivesOtherWeights() throws Exception {
    build(request(folder, 1, "resnet50_onnx"));
    Map<String, String> before = digests(folder);
    build(request(folder, 2, "resnet50_onnx"));
    assertThat(digests(folder).get("resnet50_onnx/1/model.onnx"))
        .isNotEqualTo(before.get("resnet50_onnx/1/model.onnx"));
  }

  @Test
  void whatIsUpToDateIsLeftAloneWithTheChangesMadeByHand() throws Exception {
    build(request(folder, 42, "resnet50_onnx"));
    Path config = folder.resolve("resnet50_onnx/config.pbtxt");
    Files.writeString(config, "# mine\n");
    Map<String, String> before = digests(folder);
    progress.clear();
    build(request(folder, 42, "resnet50_onnx"));
    assertThat(progress).containsExactly("resnet50_onnx: up to date");
    assertThat(digests(folder)).isEqualTo(before);
  }

  @Test
  void aModelWhoseFileIsGoneIsBuiltAgain() throws Exception {
    build(request(folder, 42, "resnet50_onnx"));
    Path model = folder.resolve("resnet50_onnx/1/model.onnx");
    Files.delete(model);
    build(request(folder, 42, "resnet50_onnx"));
    assertThat(model).isRegularFile();
  }

  @Test
  void modelsOfOneFileShareTheirWeights() throws Exception {
    build(BuildRequest.of(folder, Variant.QUICKSTART));
    Object shared = Files.getAttribute(folder.resolve("resnet50_onnx/1/model.onnx"), "unix:ino");
    assertThat(Files.getAttribute(folder.resolve("resnet50_onnx_bs1/1/model.onnx"), "unix:ino"))
        .isEqualTo(shared);
    assertThat(progress)
        .filteredOn(line -> line.contains("making"))
        .containsExactly(
            "resnet50_original: making the TensorFlow SavedModel",
            "resnet50_onnx: making the ONNX file");
  }

  @Test
  void aFolderThatWasNotMadeHereIsNotTouchedUnlessForced() throws Exception {
    Path config = folder.resolve("resnet50_onnx/config.pbtxt");
    Files.createDirectories(config.getParent());
    Files.writeString(config, "name: \"resnet50_onnx\"\n");
    assertThatThrownBy(() -> build(request(folder, 42, "resnet50_onnx")))
        .isInstanceOf(IOException.class)
        .hasMessageEndingWith(
            "resnet50_onnx: was not made by `nereid models` (expected: no such folder, or --force)");
    assertThat(config).hasContent("name: \"resnet50_onnx\"");
    build(new BuildRequest(folder, 42, Set.of(), Set.of("resnet50_onnx"), 2, true));
    assertThat(config).content().contains("max_batch_size: 8");
  }

  @Test
  void aModelThatWasNotMadeHereIsNotTouchedThoughItHasNoConfig() throws Exception {
    Path model = folder.resolve("resnet50_onnx/1/model.onnx");
    Files.createDirectories(model.getParent());
    Files.writeString(model, "mine");
    assertThatThrownBy(() -> build(request(folder, 42, "resnet50_onnx")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("was not made by `nereid models`");
    assertThat(model).hasContent("mine");
  }

  @Test
  void aBuildThatWasCutShortIsTakenUpAgain() throws Exception {
    Path model = folder.resolve("resnet50_onnx/1/model.onnx");
    ModelRepositoryBuilder cutShort =
        new ModelRepositoryBuilder(
            request(folder, 42, "resnet50_onnx"),
            TestEngines.none(),
            line -> {
              throw new IllegalStateException("cut short while " + line);
            });
    assertThatThrownBy(cutShort::build).hasMessageContaining("making the ONNX file");
    Files.createDirectories(model.getParent());
    Files.writeString(model, "half of it");
    build(request(folder, 42, "resnet50_onnx"));
    assertThat(Files.size(model)).isGreaterThan(100_000_000);
  }

  @Test
  void noPartOfAFileStaysBehind() throws Exception {
    build(request(folder, 42, "resnet50_onnx"));
    assertThat(digests(folder).keySet())
        .containsExactlyInAnyOrder(
            ".nereid-models",
            "resnet50_onnx/1/model.onnx",
            "resnet50_onnx/config.pbtxt",
            "resnet50_onnx/labels.txt");
    assertThat(Files.readAllLines(folder.resolve("resnet50_onnx/labels.txt"))).hasSize(1000);
  }

  private void build(BuildRequest request) throws IOException, BackendException {
    new ModelRepositoryBuilder(request, TestEngines.none(), progress::add).build();
  }

  private static BuildRequest request(Path into, long seed, String... names) {
    return new BuildRequest(into, seed, Set.of(Variant.CPU), Set.of(names), 2, false);
  }

  private static Map<String, String> digests(Path root) throws Exception {
    Map<String, String> digests = new TreeMap<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        try (InputStream input = new DigestInputStream(Files.newInputStream(file), digest)) {
          input.transferTo(OutputStream.nullOutputStream());
        }
        digests.put(root.relativize(file).toString(), HexFormat.of().formatHex(digest.digest()));
      }
    }
    return digests;
  }
}
