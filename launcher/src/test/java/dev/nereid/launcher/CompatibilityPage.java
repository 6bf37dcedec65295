package dev.nereid.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * {@code docs/compatibility.md}, read as rows of three cells: the feature, what it does here, and
 * the tests that show it.
 */
record CompatibilityPage(List<Row> rows) {

  private static final Pattern CELL_BORDER = Pattern.compile("(?<!\\\\)\\|");
  private static final Pattern CODE = Pattern.compile("`([^`]+)`");
  private static final Pattern TEST = Pattern.compile("`([A-Za-z_]\\w*)#(\\w+)`");

  /** A test as the page names it. */
  record TestName(String type, String method) {
    @Override
    public String toString() {
      return type + "#" + method;
    }
  }

  /**
   * One row of a table.
   *
   * @param line its number in the file, from 1
   */
  record Row(int line, String feature, String here, String tests) {

    /**
     * What the feature's cell has in code quotes. A name that starts with a dot goes on from the
     * last one that does not: {@code `a.b` `.c`} names {@code a.b} and {@code a.b.c}.
     */
    Set<String> names() {
      Set<String> names = new LinkedHashSet<>();
      String start = "";
      for (MatchResult code : CODE.matcher(feature).results().toList()) {
        String name = code.group(1);
        if (name.startsWith(".")) {
          names.add(start + name);
        } else {
          start = name;
          names.add(name);
        }
      }
      return names;
    }

    boolean works() {
      return here.startsWith("works");
    }

    /** Whether the last cell is names of tests, at least one, and nothing else. */
    boolean namesTestsOnly() {
      return !tests.isEmpty() && TEST.matcher(tests).replaceAll("").isBlank();
    }

    List<TestName> testNames() {
      return TEST.matcher(tests)
          .results()
          .map(test -> new TestName(test.group(1), test.group(2)))
          .toList();
    }

    @Override
    public String toString() {
      return line + ": " + feature;
    }
  }

  static CompatibilityPage read(Path file) throws IOException {
    List<Row> rows = new ArrayList<>();
    List<String> lines = Files.readAllLines(file);
    for (int i = 0; i < lines.size(); i++) {
      boolean head = i + 1 < lines.size() && lines.get(i + 1).startsWith("| ---");
      if (!lines.get(i).startsWith("| ") || lines.get(i).startsWith("| ---") || head) {
        continue;
      }
      String[] cells = CELL_BORDER.split(lines.get(i));
      if (cells.length != 4) {
        throw new IOException(
            file + ":" + (i + 1) + ": " + (cells.length - 1) + " cells (expected: 3)");
      }
      rows.add(new Row(i + 1, cells[1].strip(), cells[2].strip(), cells[3].strip()));
    }
    return new CompatibilityPage(List.copyOf(rows));
  }

  /** Every name that a feature's cell has. */
  Set<String> names() {
    return rows.stream().flatMap(row -> row.names().stream()).collect(Collectors.toSet());
  }
}
