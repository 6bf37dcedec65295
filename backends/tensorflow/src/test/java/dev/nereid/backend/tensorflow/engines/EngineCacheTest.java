package dev.nereid.backend.tensorflow.engines;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.backend.tensorflow.engines.Conversion.Segment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@SuppressWarnings("NullAway.Init") // JUnit fills them before each test.
class EngineCacheTest {

  private static final EngineKey KEY =
      new EngineKey(
          Map.of("model", "abc", "gpu", "NVIDIA H100 80GB HBM3 (compute capability 9.0)"));
  private static final List<Segment> SEGMENTS =
      List.of(new Segment("a", "FP16", "11"), new Segment("b", "FP16", "22"));

  @TempDir Path directory;
  private EngineCache cache;

  @BeforeEach
  void open() {
    cache = new EngineCache(directory.resolve("engines"));
  }

  private EngineCache.Entry store(EngineKey key) throws Exception {
    return cache.<IOException>store(
        key,
        SEGMENTS,
        (segment, file) -> Files.write(file, EngineRecords.of(Long.parseLong(segment.digest()))));
  }

  private List<Path> folders() throws IOException {
    try (Stream<Path> list = Files.list(directory.resolve("engines"))) {
      return list.toList();
    }
  }

  @Test
  void whatIsKeptIsFoundUnderItsKeyAlone() throws Exception {
    assertThat(cache.find(KEY)).isEmpty();
    EngineCache.Entry stored = store(KEY);
    EngineCache.Entry found = cache.find(KEY).orElseThrow();
    assertThat(found).isEqualTo(stored);
    assertThat(EngineFile.read(found.files().getOrDefault("22", directory)).batchSizes())
        .containsExactly(22L);
    assertThat(folders()).containsExactly(found.folder());
    EngineKey t4 =
        new EngineKey(Map.of("model", "abc", "gpu", "Tesla T4 (compute capability 7.5)"));
    assertThat(cache.find(t4)).isEmpty();
    assertThat(t4.folder()).isNotEqualTo(KEY.folder());
  }

  @Test
  void theKeyIsThereInWords() throws Exception {
    assertThat(store(KEY).folder().resolve("key.txt"))
        .hasContent("gpu: NVIDIA H100 80GB HBM3 (compute capability 9.0)\nmodel: abc\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"segment-0.engines", "segment-1.engines", "engines.txt", "key.txt"})
  void aFolderThatIsDamagedIsBuiltAgain(String damaged) throws Exception {
    Path file = store(KEY).folder().resolve(damaged);
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 1;
    Files.write(file, bytes);
    assertThat(cache.find(KEY)).isEmpty();
    assertThat(folders()).isEmpty();
    store(KEY);
    assertThat(cache.find(KEY)).isPresent();
  }

  @ParameterizedTest
  @ValueSource(strings = {"segment-0.engines", "segment-1.engines", "engines.txt", "key.txt"})
  void aFolderThatIsNotWholeIsBuiltAgain(String missing) throws Exception {
    Files.delete(store(KEY).folder().resolve(missing));
    assertThat(cache.find(KEY)).isEmpty();
    store(KEY);
    assertThat(cache.find(KEY)).isPresent();
  }

  @Test
  void whatIsOfNoUseMakesPlaceForOthers() throws Exception {
    cache.discard(store(KEY));
    assertThat(folders()).isEmpty();
    assertThat(cache.find(KEY)).isEmpty();
    store(KEY);
    assertThat(cache.find(KEY)).isPresent();
  }

  @Test
  void aListThatLeadsOutOfTheFolderIsNotFollowed() throws Exception {
    EngineCache.Entry entry = store(KEY);
    Files.writeString(entry.folder().resolve("engines.txt"), "00 11 ../outside\n");
    assertThat(cache.find(KEY)).isEmpty();
  }

  @Test
  void aWriterThatFailsLeavesNothing() throws Exception {
    assertThatThrownBy(
            () ->
                cache.<IOException>store(
                    KEY,
                    SEGMENTS,
                    (segment, file) -> {
                      Files.write(file, EngineRecords.of(1));
                      throw new IOException("no space");
                    }))
        .hasMessage("no space");
    assertThat(folders()).isEmpty();
    assertThatThrownBy(
            () ->
                cache.<IOException>store(
                    KEY, SEGMENTS, (segment, file) -> Files.write(file, new byte[] {1, 2, 3})))
        .isInstanceOf(IOException.class);
    assertThat(folders()).isEmpty();
  }

  @Test
  void whoIsSlowerTakesWhatTheFasterHasKept() throws Exception {
    EngineCache.Entry first = store(KEY);
    EngineCache.Entry second =
        cache.<IOException>store(
            KEY, SEGMENTS, (segment, file) -> Files.write(file, EngineRecords.of(99)));
    assertThat(second).isEqualTo(first);
    assertThat(folders()).containsExactly(first.folder());
  }

  @Test
  void aModelsDigestIsOfItsFilesAndTheirNames() throws Exception {
    Path one = Files.createDirectories(directory.resolve("one/variables"));
    Path two = Files.createDirectories(directory.resolve("two/variables"));
    Files.writeString(one.resolve("data"), "weights");
    Files.writeString(two.resolve("data"), "weights");
    String digest = EngineKey.digestOf(directory.resolve("one"));
    assertThat(EngineKey.digestOf(directory.resolve("two"))).isEqualTo(digest);
    Files.move(two.resolve("data"), two.resolve("other"));
    assertThat(EngineKey.digestOf(directory.resolve("two"))).isNotEqualTo(digest);
    Files.writeString(one.resolve("data"), "weight5");
    assertThat(EngineKey.digestOf(directory.resolve("one"))).isNotEqualTo(digest);
  }

  @Test
  void aPartWithALineBreakIsNoPart() {
    assertThatThrownBy(() -> new EngineKey(Map.of("gpu", "a\nmodel: b")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(Optional.of(KEY.folder())).get().asString().hasSize(32);
  }
}
