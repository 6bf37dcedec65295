package dev.nereid.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import dev.nereid.bench.command.BenchCommand;
import dev.nereid.launcher.CompatibilityPage.Row;
import dev.nereid.models.ModelsCommand;
import dev.nereid.protocol.GRPCInferenceServiceGrpc;
import dev.nereid.protocol.ModelConfig;
import dev.nereid.server.NereidServer;
import dev.nereid.server.ServeCommand;
import dev.nereid.server.ServerOptions;
import io.grpc.MethodDescriptor;
import io.grpc.health.v1.HealthGrpc;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The compatibility page leaves nothing out, and names no test that is not there. */
@SuppressWarnings("NullAway.Init") // JUnit fills these before the tests.
class CompatibilityPageTest {

  private static final String PAGE = "docs/compatibility.md";
  private static final Pattern FLAG = Pattern.compile("--[a-z][a-z0-9-]+(=.*)?");
  private static final Pattern METRIC = Pattern.compile("(nv|nereid)_[a-z].*");
  private static final Pattern JAVA_METHOD = Pattern.compile("(?:void|boolean) (\\w+)\\(");
  private static final Pattern PYTHON_TEST = Pattern.compile("(?m)^def (\\w+)\\(");

  private static Path sources;
  private static CompatibilityPage page;

  @BeforeAll
  static void readThePage() throws IOException {
    sources = sources();
    page = CompatibilityPage.read(sources.resolve(PAGE));
  }

  private static Path sources() {
    for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
      if (Files.exists(folder.resolve(PAGE))) {
        return folder;
      }
    }
    throw new IllegalStateException("no folder above this one has " + PAGE);
  }

  @Test
  void everyRowSaysWhatHoldsAndNamesATest() {
    assertThat(page.rows()).isNotEmpty();
    assertThat(page.rows())
        .filteredOn(row -> !row.here().matches("(works|refused|not yet)(: .+)?"))
        .as("works, refused or not yet")
        .isEmpty();
    assertThat(page.rows()).filteredOn(row -> !row.namesTestsOnly()).as("names of tests").isEmpty();
  }

  @Test
  void everyTestThatIsNamedExists() throws IOException {
    Map<String, Set<String>> tests = testsInTheSources();

    assertThat(page.rows().stream().flatMap(row -> row.testNames().stream()))
        .filteredOn(test -> !tests.getOrDefault(test.type(), Set.of()).contains(test.method()))
        .isEmpty();
  }

  /** Methods of test sources by the name of their file. */
  private static Map<String, Set<String>> testsInTheSources() throws IOException {
    Map<String, Set<String>> tests = new HashMap<>();
    Files.walkFileTree(
        sources,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            // What was built, and what is no source at all, may change while this looks.
            boolean skipped =
                (folder.endsWith("target") && Files.exists(folder.resolveSibling("pom.xml")))
                    || String.valueOf(folder.getFileName()).startsWith(".");
            return skipped && !folder.equals(sources)
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            String path = sources.relativize(file).toString();
            if (path.contains("src/test/java/") && path.endsWith(".java")) {
              addMethods(file, JAVA_METHOD, tests);
            } else if (path.matches("interop/tests/test_\\w+\\.py")) {
              addMethods(file, PYTHON_TEST, tests);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return tests;
  }

  private static void addMethods(Path file, Pattern method, Map<String, Set<String>> tests)
      throws IOException {
    String type = String.valueOf(file.getFileName()).replaceFirst("\\.\\w+$", "");
    Set<String> methods = tests.computeIfAbsent(type, name -> new HashSet<>());
    method.matcher(Files.readString(file)).results().forEach(found -> methods.add(found.group(1)));
  }

  @Test
  void everyFlagHasARowAndNoRowIsAboutAFlagThatIsNotThere() {
    Set<String> flags = new TreeSet<>();
    Stream.of(
            new CommandLine(new ServeCommand()),
            BenchCommand.commandLine(),
            ModelsCommand.commandLine(new InstalledEngines()))
        .forEach(command -> addFlags(command, flags));
    flags.removeAll(Set.of("--help", "--version"));

    assertThat(page.names())
        .filteredOn(FLAG.asMatchPredicate())
        .extracting(CompatibilityPageTest::flag)
        .containsAll(flags)
        .isSubsetOf(flags);
  }

  /** {@code --flag} of {@code --flag=value}. */
  private static String flag(String written) {
    return written.replaceFirst("=.*", "");
  }

  private static void addFlags(CommandLine command, Set<String> flags) {
    command.getCommandSpec().options().stream()
        .flatMap(option -> Stream.of(option.names()))
        .filter(FLAG.asMatchPredicate())
        .forEach(flags::add);
    command.getSubcommands().values().forEach(subcommand -> addFlags(subcommand, flags));
  }

  @Test
  void everyFieldOfAModelsConfigurationIsNamed() {
    Set<String> fields = new TreeSet<>();
    addFields(ModelConfig.getDescriptor(), "", fields);

    assertThat(page.names()).containsAll(fields);
  }

  private static void addFields(Descriptor message, String prefix, Set<String> fields) {
    for (FieldDescriptor field : message.getFields()) {
      String path = prefix + field.getName();
      fields.add(path);
      FieldDescriptor value =
          field.isMapField() ? field.getMessageType().findFieldByName("value") : field;
      if (value.getJavaType() == JavaType.MESSAGE) {
        addFields(value.getMessageType(), path + ".", fields);
      }
    }
  }

  @Test
  void everyRpcIsNamed() {
    assertThat(page.names())
        .containsAll(
            GRPCInferenceServiceGrpc.getServiceDescriptor().getMethods().stream()
                .map(MethodDescriptor::getBareMethodName)
                .toList())
        .containsAll(
            HealthGrpc.getServiceDescriptor().getMethods().stream()
                .map(method -> "Health/" + method.getBareMethodName())
                .toList());
  }

  @Test
  void theMetricsThatWorkAreThoseOnTheServersPage(@TempDir Path models) throws Exception {
    Files.createDirectories(models.resolve("m/1"));
    Files.writeString(
        models.resolve("m/config.pbtxt"),
        """
        backend: "identity"
        input [ { name: "INPUT0" data_type: TYPE_FP32 dims: [ 4 ] } ]
        output [ { name: "OUTPUT0" data_type: TYPE_FP32 dims: [ 4 ] } ]
        """);
    try (NereidServer server =
        NereidServer.start(
            ServerOptions.of(
                "--model-repository=" + models,
                "--allow-grpc=false",
                "--metrics-address=127.0.0.1",
                "--metrics-port=0"))) {
      assertThat(
              page.rows().stream()
                  .filter(Row::works)
                  .flatMap(row -> row.names().stream())
                  .filter(METRIC.asMatchPredicate()))
          .containsExactlyInAnyOrderElementsOf(families(server));
    }
  }

  private static List<String> families(NereidServer server) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + server.metricsPort().orElseThrow() + "/metrics");
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
        .body()
        .lines()
        .filter(line -> line.startsWith("# TYPE "))
        .map(line -> line.split(" ")[2])
        .toList();
  }
}
