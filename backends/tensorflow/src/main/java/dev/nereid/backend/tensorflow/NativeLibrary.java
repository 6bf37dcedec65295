package dev.nereid.backend.tensorflow;

import ai.djl.tensorflow.engine.javacpp.LibUtils;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.UnpackedFiles;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.jar.JarFile;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tensorflow.internal.c_api.global.tensorflow;

/**
 * TensorFlow's library: unpacked from its jar on this class path into a cache directory, then
 * loaded by DJL's engine from there.
 *
 * <ul>
 *   <li>Nothing is downloaded: DJL looks for a library of its own on its site only where it is not
 *       told of one.
 *   <li>It is unpacked once a version, beside its place, and moved there in one step: a process
 *       that dies meanwhile leaves no half library, and two that start together do not disturb each
 *       other.
 *   <li>Who sets the environment's {@code TENSORFLOW_LIBRARY_PATH} has that folder's library
 *       loaded.
 * </ul>
 */
final class NativeLibrary {

  private static final Logger log = LoggerFactory.getLogger(NativeLibrary.class);

  private static final String PLATFORM = "linux-x86_64";
  private static final String RESOURCES = "org/tensorflow/internal/c_api/" + PLATFORM;
  private static final String VERSION =
      "META-INF/maven/org.tensorflow/tensorflow-core-native/pom.properties";
  private static final String OVERRIDE = "TENSORFLOW_LIBRARY_PATH";
  private static final List<String> FILES =
      List.of("libtensorflow_cc.so.2", "libtensorflow_framework.so.2", "libjnitensorflow.so");

  private NativeLibrary() {}

  /**
   * Loads the library; the second time in a process does nothing.
   *
   * @throws BackendException if there is none for this machine, or it cannot be unpacked or loaded
   */
  static synchronized void load(Path cacheDirectory) throws BackendException {
    if (System.getenv(OVERRIDE) == null) {
      setIfAbsent(OVERRIDE, unpacked(cacheDirectory).toString());
    }
    // Of JavaCPP: take the library where it lies, rather than copy it to a cache once more.
    setIfAbsent("org.bytedeco.javacpp.pathsfirst", "true");
    setIfAbsent("org.bytedeco.javacpp.cachedir", cacheDirectory.resolve("javacpp").toString());
    // Every native object here is freed by its owner, so none has to wait for a garbage collection,
    // and no thread to be there for it.
    setIfAbsent("org.bytedeco.javacpp.nopointergc", "true");
    // JavaCPP would refuse to allocate once the process has twice its heap, as a server soon has.
    setIfAbsent("org.bytedeco.javacpp.maxbytes", "0");
    setIfAbsent("org.bytedeco.javacpp.maxphysicalbytes", "0");
    // Of DJL: neither downloads nor usage reports.
    setIfAbsent("ai.djl.offline", "true");
    setIfAbsent("OPT_OUT_TRACKING", "true");
    try {
      LibUtils.loadLibrary();
      log.info("TensorFlow {} from {}", tensorflow.TF_Version().getString(), LibUtils.getLibName());
    } catch (LinkageError | RuntimeException e) {
      throw new BackendException("TensorFlow's library cannot be loaded: " + e, e);
    }
  }

  /** Whether the library is the one of the jar, which is for CPUs. */
  static boolean isBundled() {
    return System.getenv(OVERRIDE) == null;
  }

  private static void setIfAbsent(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  /** The folder with the library, unpacked now unless it was before. */
  private static Path unpacked(Path cacheDirectory) throws BackendException {
    try {
      Path folder = cacheDirectory.resolve("tensorflow-core-native-" + version() + "-" + PLATFORM);
      UnpackedFiles files =
          new UnpackedFiles(NativeLibrary.class.getClassLoader(), folder, RESOURCES, FILES);
      if (!files.areThere()) {
        log.info("Unpacking TensorFlow's library, about 630 MB, once, to {}", files.folder());
        files.unpack();
      }
      return files.folder();
    } catch (IOException e) {
      throw new BackendException(
          "TensorFlow's library cannot be unpacked: %s (expected: a folder that can be written, which --backend-config=%s,%s=DIR names)"
              .formatted(e, TensorFlowProvider.NAME, UnpackedFiles.CACHE_DIRECTORY),
          e);
    }
  }

  /** Of the jar that the library is in; DJL's jar has an older one's properties under that name. */
  private static String version() throws IOException {
    URL library = NativeLibrary.class.getClassLoader().getResource(RESOURCES + "/" + FILES.get(0));
    if (library == null) {
      throw new FileNotFoundException(
          "no library for this platform (expected: org.tensorflow:tensorflow-core-native for "
              + PLATFORM
              + ")");
    }
    if (library.openConnection() instanceof JarURLConnection connection) {
      JarFile jar = connection.getJarFile();
      Properties properties = new Properties();
      try (InputStream in = jar.getInputStream(jar.getEntry(VERSION))) {
        properties.load(in);
      }
      return properties.getProperty("version");
    }
    throw new IOException(library + " (expected: in a jar)");
  }
}
