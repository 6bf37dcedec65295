package dev.nereid.server.repository;

import java.util.ArrayList;
import java.util.List;

/** The table of models that is logged when loading has ended, drawn as Triton draws it. */
final class StatusTable {

  private static final List<String> HEAD = List.of("Model", "Version", "Status");

  private StatusTable() {}

  /** The table of these models, without a newline at its end. */
  static String of(Iterable<ModelEntry> models) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(HEAD);
    for (ModelEntry model : models) {
      if (!model.failure().isEmpty()) {
        rows.add(List.of(model.name(), "-", "Not loaded: " + oneLine(model.failure())));
      }
      for (VersionState state : model.versions()) {
        String reason = state.reason().isEmpty() ? "" : ": " + oneLine(state.reason());
        rows.add(
            List.of(model.name(), Long.toString(state.version()), state.phase().name() + reason));
      }
    }
    int[] widths = new int[HEAD.size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    StringBuilder table = new StringBuilder();
    rule(table, widths);
    for (int r = 0; r < rows.size(); r++) {
      for (int i = 0; i < widths.length; i++) {
        String cell = rows.get(r).get(i);
        table.append("| ").append(cell).append(" ".repeat(widths[i] - cell.length() + 1));
      }
      table.append("|\n");
      if (r == 0) {
        rule(table, widths);
      }
    }
    rule(table, widths);
    return table.substring(0, table.length() - 1);
  }

  private static String oneLine(String text) {
    return text.replace("\r", "").replace('\n', ' ');
  }

  private static void rule(StringBuilder table, int[] widths) {
    for (int width : widths) {
      table.append('+').append("-".repeat(width + 2));
    }
    table.append("+\n");
  }
}
