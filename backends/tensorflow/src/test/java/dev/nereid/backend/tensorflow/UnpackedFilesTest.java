package dev.nereid.backend.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.backend.UnpackedFiles;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With the one file of TensorFlow's jar that is small. */
@SuppressWarnings("NullAway.Init") // JUnit fills the directory before each test.
class UnpackedFilesTest {

  private static final ClassLoader LOADER = UnpackedFilesTest.class.getClassLoader();
  private static final String FILE = "libjnitensorflow.so";
  private static final String RESOURCES = "org/tensorflow/internal/c_api/linux-x86_64";

  @TempDir private Path cache;

  private UnpackedFiles files() {
    return new UnpackedFiles(LOADER, cache.resolve("v1"), RESOURCES, List.of(FILE));
  }

  private List<String> cacheContent() throws IOException {
    try (Stream<Path> paths = Files.list(cache)) {
      return paths.map(path -> path.getFileName().toString()).toList();
    }
  }

  @Test
  void theyAreThereOnceTheyAreUnpacked() throws Exception {
    assertThat(files().areThere()).isFalse();
    files().unpack();
    assertThat(files().areThere()).isTrue();
    assertThat(cacheContent()).containsExactly("v1");
    assertThat(Files.size(cache.resolve("v1").resolve(FILE))).isGreaterThan(100_000);
  }

  @Test
  void aFileThatIsCutOffIsReplaced() throws Exception {
    files().unpack();
    Files.write(cache.resolve("v1").resolve(FILE), new byte[10]);
    assertThat(files().areThere()).isFalse();
    files().unpack();
    assertThat(files().areThere()).isTrue();
    assertThat(cacheContent()).containsExactly("v1");
  }

  @RepeatedTest(10)
  void manyWhoUnpackTogetherDoNotDisturbEachOther() throws Exception {
    int threads = 8;
    CyclicBarrier together = new CyclicBarrier(threads);
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    List<Future<Boolean>> outcomes = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      outcomes.add(
          pool.submit(
              () -> {
                together.await();
                files().unpack();
                return files().areThere();
              }));
    }
    for (Future<Boolean> outcome : outcomes) {
      assertThat(outcome.get()).isTrue();
    }
    pool.shutdown();
    assertThat(cacheContent()).containsExactly("v1");
  }

  @Test
  void whatADeadProcessLeftIsRemovedAfterAnHourAndNotBefore() throws Exception {
    Path old = Files.createDirectory(cache.resolve("unpacking-1"));
    Files.write(old.resolve(FILE), new byte[10]);
    Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofHours(2))));
    Files.createDirectory(cache.resolve("unpacking-2"));
    files().unpack();
    assertThat(cacheContent()).containsExactlyInAnyOrder("v1", "unpacking-2");
  }

  @Test
  void aFileThatNoJarHasLeavesNothingBehind() throws Exception {
    UnpackedFiles missing =
        new UnpackedFiles(LOADER, cache.resolve("v1"), RESOURCES, List.of(FILE, "libnowhere.so"));
    assertThatThrownBy(missing::unpack)
        .isInstanceOf(FileNotFoundException.class)
        .hasMessageContaining("libnowhere.so");
    assertThat(cacheContent()).isEmpty();
  }
}
