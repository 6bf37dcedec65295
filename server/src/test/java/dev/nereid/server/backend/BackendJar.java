package dev.nereid.server.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.backend.BackendProvider;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** Compiles sources into a backend's jar, as a stranger's build would. */
final class BackendJar {

  private BackendJar() {}

  /** A class to compile. */
  record Source(String className, String text) {}

  /** Writes {@code <directory>/<backend>/<backend>.jar}, the first class being its provider. */
  static void write(Path directory, String backend, Source... sources) throws IOException {
    Path classes = Files.createTempDirectory(directory, ".classes");
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    List<JavaFileObject> files = new ArrayList<>();
    for (Source source : sources) {
      files.add(
          new SimpleJavaFileObject(
              URI.create("string:///" + source.className().replace('.', '/') + ".java"),
              JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
              return source.text();
            }
          });
    }
    boolean compiled =
        compiler
            .getTask(
                null,
                null,
                null,
                List.of(
                    "-proc:none",
                    "-d",
                    classes.toString(),
                    "-classpath",
                    System.getProperty("java.class.path")),
                null,
                files)
            .call();
    assertThat(compiled).isTrue();
    Path folder = Files.createDirectories(directory.resolve(backend));
    try (JarOutputStream jar =
            new JarOutputStream(Files.newOutputStream(folder.resolve(backend + ".jar")));
        Stream<Path> found = Files.walk(classes)) {
      for (Path file : found.filter(Files::isRegularFile).toList()) {
        jar.putNextEntry(new JarEntry(classes.relativize(file).toString()));
        Files.copy(file, jar);
      }
      jar.putNextEntry(new JarEntry("META-INF/services/" + BackendProvider.class.getName()));
      jar.write(sources[0].className().getBytes(StandardCharsets.UTF_8));
    }
  }

  /** A provider with these method bodies of {@code start} and {@code defaultModelFilename}. */
  static Source provider(String className, String backend, String start, String filename) {
    int dot = className.lastIndexOf('.');
    return new Source(
        className,
        """
        package %s;
        import dev.nereid.backend.*;
        import java.util.*;
        public final class %s implements BackendProvider, Backend {
          private static int started;
          private static int closed;
          private Map<String, String> settings = Map.of();
          public String name() { return "%s"; }
          public Backend start(Map<String, String> settings) throws BackendException {
            this.settings = settings;
            started++;
            %s
            return this;
          }
          public String defaultModelFilename() { %s }
          public Set<InstanceKind> kinds() { return Set.of(InstanceKind.CPU); }
          public ModelSignature inspect(ModelSource source) { return ModelSignature.UNKNOWN; }
          public LoadedModel load(ModelSpec spec) throws BackendException {
            throw new BackendException("not to be loaded");
          }
          public void close() { closed++; System.setProperty("closed." + name(), "" + closed); }
        }
        """
            .formatted(
                className.substring(0, dot),
                className.substring(dot + 1),
                backend,
                start,
                filename));
  }
}
