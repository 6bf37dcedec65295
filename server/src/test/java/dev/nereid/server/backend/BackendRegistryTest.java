package dev.nereid.server.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nereid.backend.Backend;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.ModelSource;
import java.lang.reflect.Method;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Backends as jars that were compiled for the test, each in its own folder. */
class BackendRegistryTest {

  @TempDir Path directory;

  private BackendRegistry registry() {
    return registry(Map.of());
  }

  private BackendRegistry registry(Map<String, Map<String, String>> settings) {
    return new BackendRegistry(List.of(directory), settings, List.of(IdentityBackend.provider()));
  }

  private void jar(String backend, String start, String filename) throws Exception {
    BackendJar.write(
        directory,
        backend,
        BackendJar.provider("example." + backend + ".Provider", backend, start, filename));
  }

  @Test
  void aBackendIsFoundInItsFolder() throws Exception {
    jar("alpha", "", "return \"alpha.bin\";");
    try (BackendRegistry registry = registry()) {
      assertThat(registry.backend("alpha").defaultModelFilename()).isEqualTo("alpha.bin");
    }
  }

  @Test
  void everyCallReachesTheBackendItself() throws Exception {
    for (Method method : Backend.class.getMethods()) {
      assertThat(ScopedBackend.class.getMethod(method.getName(), method.getParameterTypes()))
          .satisfies(own -> assertThat(own.getDeclaringClass()).isEqualTo(ScopedBackend.class));
    }
  }

  @Test
  void aBackendWhoseModelsHaveNoVariablesFreezesNone() throws Exception {
    ModelSource model = new ModelSource("m", 1, directory, "", Map.of());
    try (BackendRegistry registry = registry()) {
      Backend identity = registry.backend("identity");
      assertThatThrownBy(() -> identity.freeze(model, directory.resolve("frozen")))
          .isInstanceOf(BackendException.class)
          .hasMessage("unable to freeze 'm': models of this backend have no variables");
    }
  }

  @Test
  void theWorkingDirectoryMayBeTheBackendDirectory() throws Exception {
    Path here = Path.of("");
    Path folder = Files.createTempDirectory(here, "backend");
    String name = folder.getFileName().toString();
    try {
      BackendJar.write(
          here, name, BackendJar.provider("example.Here", name, "", "return \"here.bin\";"));
      for (String spelt : List.of("", ".", folder + "/..")) {
        try (BackendRegistry registry =
            new BackendRegistry(List.of(Path.of(spelt)), Map.of(), List.of())) {
          assertThat(registry.backend(name).defaultModelFilename()).isEqualTo("here.bin");
        }
      }
    } finally {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
        for (Path file : files) {
          Files.delete(file);
        }
      }
      Files.delete(folder);
    }
  }

  @Test
  void aBackendIsTakenFromTheFirstDirectoryThatHasIt() throws Exception {
    Path before = Files.createDirectories(directory.resolve("stack"));
    for (Path each : List.of(before, directory)) {
      String from = each.equals(before) ? "stack" : "distribution";
      BackendJar.write(
          each,
          "alpha",
          BackendJar.provider("example.alpha.Provider", "alpha", "", "return \"" + from + "\";"));
    }
    jar("beta", "", "return \"distribution\";");
    // A folder without a jar is none.
    Files.createDirectories(before.resolve("beta"));
    try (BackendRegistry registry =
        new BackendRegistry(List.of(before, directory), Map.of(), List.of())) {
      assertThat(registry.backend("alpha").defaultModelFilename()).isEqualTo("stack");
      assertThat(registry.backend("beta").defaultModelFilename()).isEqualTo("distribution");
    }
  }

  @Test
  void theIdentityBackendNeedsNoFolder() throws Exception {
    try (BackendRegistry registry =
        new BackendRegistry(
            List.of(directory.resolve("missing")), Map.of(), List.of(IdentityBackend.provider()))) {
      assertThat(registry.backend("identity").kinds()).isNotEmpty();
    }
  }

  @Test
  void aBackendStartsOnceHoweverManyModelsAskAtTheSameTime() throws Exception {
    jar("alpha", "", "return \"\" + started;");
    int models = 8;
    CyclicBarrier together = new CyclicBarrier(models);
    ExecutorService threads = Executors.newFixedThreadPool(models);
    try (BackendRegistry registry = registry()) {
      List<Future<Backend>> asked = new ArrayList<>();
      for (int i = 0; i < models; i++) {
        asked.add(
            threads.submit(
                () -> {
                  together.await();
                  return registry.backend("alpha");
                }));
      }
      for (Future<Backend> backend : asked) {
        assertThat(backend.get()).isSameAs(asked.get(0).get());
      }
      assertThat(registry.backend("alpha").defaultModelFilename()).isEqualTo("1");
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void aBackendGetsItsOwnSettingsOnly() throws Exception {
    jar("alpha", "", "return settings.toString();");
    Map<String, Map<String, String>> settings =
        Map.of("alpha", Map.of("threads", "4"), "beta", Map.of("x", "y"));
    try (BackendRegistry registry = registry(settings)) {
      assertThat(registry.backend("alpha").defaultModelFilename()).isEqualTo("{threads=4}");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "io.grpc.Server",
        "io.netty.buffer.ByteBuf",
        "com.google.protobuf.Message",
        "dev.nereid.server.NereidServer",
        "dev.nereid.protocol.ModelConfig",
        "ch.qos.logback.classic.Logger"
      })
  void theServersLibrariesAreHiddenFromABackend(String className) throws Exception {
    assertThat(Class.forName(className)).isNotNull();
    jar(
        "alpha",
        "try { Class.forName(\""
            + className
            + "\"); throw new BackendException(\"seen\"); }"
            + " catch (ClassNotFoundException expected) { }",
        "return \"hidden\";");
    try (BackendRegistry registry = registry()) {
      assertThat(registry.backend("alpha").defaultModelFilename()).isEqualTo("hidden");
    }
  }

  @Test
  void whatBothSidesNeedIsShared() throws Exception {
    jar(
        "alpha",
        "",
        "org.slf4j.LoggerFactory.getLogger(\"alpha\").debug(\"shared\");"
            + "return dev.nereid.tensor.DataType.FP32 + \" \""
            + " + java.sql.Timestamp.class.getSimpleName();");
    try (BackendRegistry registry = registry()) {
      assertThat(registry.backend("alpha").defaultModelFilename()).isEqualTo("FP32 Timestamp");
    }
  }

  @Test
  void aBackendMayCarryItsOwnVersionOfALibraryOfTheServer() throws Exception {
    BackendJar.write(
        directory,
        "alpha",
        BackendJar.provider(
            "example.alpha.Provider", "alpha", "", "return com.google.protobuf.Message.VERSION;"),
        new BackendJar.Source(
            "com.google.protobuf.Message",
            "package com.google.protobuf; public class Message {"
                + " public static final String VERSION = String.valueOf(\"of alpha\"); }"));
    try (BackendRegistry registry = registry()) {
      assertThat(registry.backend("alpha").defaultModelFilename()).isEqualTo("of alpha");
    }
  }

  @Test
  void twoBackendsDoNotSeeEachOther() throws Exception {
    jar("alpha", "", "return \"alpha\";");
    jar(
        "beta",
        "try { Class.forName(\"example.alpha.Provider\"); throw new BackendException(\"seen\"); }"
            + " catch (ClassNotFoundException expected) { }",
        "return \"beta\";");
    try (BackendRegistry registry = registry()) {
      assertThat(registry.backend("alpha").defaultModelFilename()).isEqualTo("alpha");
      assertThat(registry.backend("beta").defaultModelFilename()).isEqualTo("beta");
    }
  }

  @Test
  void aBackendStartsWithItsOwnLoaderAsTheContextLoader() throws Exception {
    jar(
        "alpha",
        "if (Thread.currentThread().getContextClassLoader() != getClass().getClassLoader())"
            + " throw new BackendException(\"another loader\");",
        "return \"own\";");
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    try (BackendRegistry registry = registry()) {
      assertThat(registry.backend("alpha").defaultModelFilename()).isEqualTo("own");
    }
    assertThat(Thread.currentThread().getContextClassLoader()).isSameAs(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"nope", "../backends/alpha", "alpha/..", "", ".", "..", "/etc"})
  void anUnknownBackendIsRefusedWithTritonsText(String name) throws Exception {
    jar("alpha", "", "return \"\";");
    try (BackendRegistry registry = registry()) {
      assertThatThrownBy(() -> registry.backend(name))
          .isInstanceOf(BackendException.class)
          .hasMessage(
              "unable to find backend library for backend '"
                  + name
                  + "', try specifying runtime on the model configuration.");
    }
  }

  @Test
  void aBackendWhoseNativeLibraryIsMissingFailsWithTheReasonAndNoOtherDoes() throws Exception {
    jar("alpha", "System.loadLibrary(\"no_such_library\");", "return \"\";");
    jar("beta", "", "return \"beta\";");
    try (BackendRegistry registry = registry()) {
      for (int model = 0; model < 2; model++) {
        assertThatThrownBy(() -> registry.backend("alpha"))
            .isInstanceOf(BackendException.class)
            .hasMessageStartingWith("backend 'alpha' failed: java.lang.UnsatisfiedLinkError")
            .hasMessageContaining("no_such_library");
      }
      assertThat(registry.backend("beta").defaultModelFilename()).isEqualTo("beta");
    }
  }

  @Test
  void aBackendThatRefusesItsSettingsSaysSo() throws Exception {
    jar(
        "alpha",
        "if (started > 0) throw new BackendException(\"threads: x (expected: a number)\");",
        "return \"\";");
    try (BackendRegistry registry = registry()) {
      assertThatThrownBy(() -> registry.backend("alpha"))
          .hasMessage("threads: x (expected: a number)");
    }
  }

  @Test
  void aJarThatIsGarbageIsRefused() throws Exception {
    Path folder = Files.createDirectories(directory.resolve("alpha"));
    Files.writeString(folder.resolve("alpha.jar"), "this is no jar");
    try (BackendRegistry registry = registry()) {
      assertThatThrownBy(() -> registry.backend("alpha"))
          .isInstanceOf(BackendException.class)
          .hasMessageStartingWith("backend 'alpha': no provider of that name");
    }
  }

  @Test
  void aFolderWhoseProviderHasAnotherNameIsRefused() throws Exception {
    jar("alpha", "", "return \"\";");
    Files.move(directory.resolve("alpha"), directory.resolve("beta"));
    try (BackendRegistry registry = registry()) {
      assertThatThrownBy(() -> registry.backend("beta"))
          .isInstanceOf(BackendException.class)
          .hasMessageStartingWith("backend 'beta': no provider of that name");
    }
  }

  @Test
  void startedBackendsAreClosedOnce() throws Exception {
    jar("gamma", "", "return \"\";");
    BackendRegistry registry = registry();
    registry.backend("gamma");
    registry.close();
    registry.close();
    assertThat(System.getProperty("closed.gamma")).isEqualTo("1");
  }
}
