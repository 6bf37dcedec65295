package dev.nereid.bench.command;

import dev.nereid.bench.report.BenchReport;
import dev.nereid.bench.report.CsvReport;
import dev.nereid.bench.report.HtmlReport;
import dev.nereid.bench.report.JsonReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where results go besides the text on standard output. Filled by picocli. */
final class OutputArguments {
  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write everything as JSON; - for standard output, in place of the text.")
  private @Nullable String json;

  @Option(
      names = "--html",
      paramLabel = "FILE",
      description =
          "Write one self-contained page with tables and pictures; - for standard output.")
  private @Nullable String html;

  @Option(
      names = "--csv",
      paramLabel = "FILE",
      description =
          "Write the probes under perf_analyzer's column names, failing ones included; - for standard output.")
  private @Nullable String csv;

  @Option(
      names = {"-q", "--quiet"},
      description = "No progress on standard error.")
  private boolean quiet;

  boolean isQuiet() {
    return quiet;
  }

  /**
   * Refuses files that cannot be written, before a measurement is made for nothing.
   *
   * @throws IllegalArgumentException naming the file
   */
  void check() {
    check("json", json);
    check("html", html);
    check("csv", csv);
    if (toStandardOutput() > 1) {
      throw new IllegalArgumentException(
          "-: " + toStandardOutput() + " formats (expected: at most one on standard output)");
    }
  }

  private long toStandardOutput() {
    return Stream.of(json, html, csv).filter("-"::equals).count();
  }

  private static void check(String name, @Nullable String file) {
    if (file == null || file.equals("-")) {
      return;
    }
    Path path = Path.of(file).toAbsolutePath();
    Path folder = path.getParent();
    boolean writable =
        Files.exists(path)
            ? !Files.isDirectory(path) && Files.isWritable(path)
            : folder != null && Files.isDirectory(folder) && Files.isWritable(folder);
    if (!writable) {
      throw new IllegalArgumentException(name + ": " + file + " (expected: a file to write)");
    }
  }

  /**
   * Writes every format asked for, and the text unless another took standard output.
   *
   * @throws IOException if a file cannot be written
   */
  void write(BenchReport report, String text, PrintWriter out) throws IOException {
    if (toStandardOutput() == 0) {
      out.print(text);
    }
    write(json, out, writer -> JsonReport.write(report, writer));
    write(csv, out, writer -> CsvReport.write(report, writer));
    write(html, out, writer -> HtmlReport.write(report, writer));
    out.flush();
  }

  private interface Format {
    void write(Writer writer) throws IOException;
  }

  private static void write(@Nullable String file, PrintWriter out, Format format)
      throws IOException {
    if (file == null) {
      return;
    }
    StringWriter content = new StringWriter();
    format.write(content);
    if (file.equals("-")) {
      out.print(content);
    } else {
      Files.writeString(Path.of(file), content.toString(), StandardCharsets.UTF_8);
    }
  }
}
