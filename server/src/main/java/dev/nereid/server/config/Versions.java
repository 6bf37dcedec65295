package dev.nereid.server.config;

import dev.nereid.protocol.ModelVersionPolicy;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** The versions of a model: those on disk, and those of them that its policy asks for. */
final class Versions {

  /** A number above zero without leading zeros, that a long can hold. */
  private static final Pattern NUMBER = Pattern.compile("[1-9][0-9]{0,18}");

  private Versions() {}

  /**
   * Directories of a model whose names are version numbers, ascending. Whatever else lies there is
   * ignored.
   */
  static List<Long> onDisk(Path modelDirectory) throws ConfigException {
    List<Long> versions = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(modelDirectory)) {
      for (Path entry : entries) {
        String name = String.valueOf(entry.getFileName());
        // 2^63-1 has 19 digits, as some greater numbers have.
        if (NUMBER.matcher(name).matches()
            && (name.length() < 19 || name.compareTo(String.valueOf(Long.MAX_VALUE)) <= 0)
            && Files.isDirectory(entry)) {
          versions.add(Long.parseLong(name));
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      throw new ConfigException(modelDirectory + ": cannot be read: " + e, e);
    }
    versions.sort(null);
    return List.copyOf(versions);
  }

  /**
   * Those that are on disk and that the policy asks for, ascending. A policy that says nothing,
   * {@code version_policy { }}, asks for all, as in Triton.
   */
  static List<Long> choose(ModelVersionPolicy policy, List<Long> onDisk) {
    return switch (policy.getPolicyChoiceCase()) {
      case LATEST -> {
        long count = Integer.toUnsignedLong(policy.getLatest().getNumVersions());
        int from = (int) Math.max(0, onDisk.size() - count);
        yield List.copyOf(onDisk.subList(from, onDisk.size()));
      }
      case SPECIFIC ->
          onDisk.stream().filter(policy.getSpecific().getVersionsList()::contains).toList();
      case ALL, POLICYCHOICE_NOT_SET -> List.copyOf(onDisk);
    };
  }
}
