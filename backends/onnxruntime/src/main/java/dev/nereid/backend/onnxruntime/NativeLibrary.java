package dev.nereid.backend.onnxruntime;

import ai.onnxruntime.OrtEnvironment;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.UnpackedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * ONNX Runtime's library: unpacked from its jar once a version, and loaded from there.
 *
 * <p>Left to itself the engine unpacks it into the temporary folder at every start and removes it
 * when the JVM ends in peace: a process that is killed leaves 28 MB, each time. Where the cache
 * directory cannot be written, or on another platform, it is left to itself.
 */
final class NativeLibrary {

  private static final Logger log = LoggerFactory.getLogger(NativeLibrary.class);

  /** The engine's own property: a folder to load its libraries from. */
  static final String PROPERTY = "onnxruntime.native.path";

  /** JNA's: the folder where it unpacks its own library, to remove it once it is loaded. */
  private static final String JNA_PROPERTY = "jna.tmpdir";

  private static final String PLATFORM = "linux-x64";
  private static final List<String> FILES = List.of("libonnxruntime.so", "libonnxruntime4j_jni.so");

  private NativeLibrary() {}

  /** Unpacks it, unless it is there or the user has said where it is. */
  static synchronized void unpack(Path cacheDirectory) {
    if (!isPlatform()) {
      return;
    }
    try {
      if (System.getProperty(PROPERTY) == null) {
        System.setProperty(PROPERTY, files(cacheDirectory).unpacked().toString());
      }
      if (System.getProperty(JNA_PROPERTY) == null && Files.isWritable(cacheDirectory)) {
        System.setProperty(JNA_PROPERTY, cacheDirectory.toString());
      }
    } catch (IOException e) {
      log.warn(
          "ONNX Runtime's library is unpacked into the temporary folder at each start, since {}"
              + " cannot be used: {}",
          cacheDirectory,
          e.toString());
    }
  }

  /**
   * A library that the user has named may be another version than the classes, which then take its
   * memory for something else.
   *
   * @param loaded what the library says
   */
  static void checkVersion(String loaded) throws BackendException {
    String classes = OrtEnvironment.class.getPackage().getImplementationVersion();
    if (classes != null && !classes.equals(loaded)) {
      throw new BackendException(
          "ONNX Runtime's library in %s: version %s (expected: %s, as its classes)"
              .formatted(System.getProperty(PROPERTY), loaded, classes));
    }
  }

  static UnpackedFiles files(Path cacheDirectory) {
    String version = OrtEnvironment.class.getPackage().getImplementationVersion();
    return new UnpackedFiles(
        OrtEnvironment.class.getClassLoader(),
        cacheDirectory.resolve("onnxruntime-" + version + "-" + PLATFORM),
        "ai/onnxruntime/native/" + PLATFORM,
        FILES);
  }

  private static boolean isPlatform() {
    return System.getProperty("os.name").equals("Linux")
        && System.getProperty("os.arch").equals("amd64");
  }
}
