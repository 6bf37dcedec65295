package dev.nereid.bench.report;

import java.util.Arrays;
import java.util.List;

/** Columns under one another. */
final class TextTable {
  private TextTable() {}

  /**
   * @param rows the header first; all of one length
   * @param rightAligned columns of numbers
   * @return lines, each ended
   */
  static String of(List<List<String>> rows, int... rightAligned) {
    int columns = rows.get(0).size();
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int c = 0; c < columns; c++) {
        widths[c] = Math.max(widths[c], length(row.get(c)));
      }
    }
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int c = 0; c < columns; c++) {
        int column = c;
        String padding = " ".repeat(widths[c] - length(row.get(c)));
        boolean right = Arrays.stream(rightAligned).anyMatch(r -> r == column);
        line.append(c == 0 ? "" : "  ");
        line.append(right ? padding + row.get(c) : row.get(c) + padding);
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }

  private static int length(String text) {
    return text.codePointCount(0, text.length());
  }
}
