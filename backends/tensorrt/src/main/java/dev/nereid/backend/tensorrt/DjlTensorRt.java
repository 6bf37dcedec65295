package dev.nereid.backend.tensorrt;

import ai.djl.engine.EngineException;
import ai.djl.tensorrt.jni.JniUtils;
import com.sun.jna.NativeLibrary;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.UnpackedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * DJL's TensorRT engine in this process, loaded once: its native library and the Java methods that
 * are one with it. What of DJL is above them finds and downloads models, and holds tensors until
 * they are collected; nothing of it is touched.
 *
 * @param log hears what TensorRT says
 * @param version of TensorRT, as 8.6.1
 */
record DjlTensorRt(EngineLog log, String version, CudaRuntime cuda, DjlNative library) {

  private static final Logger logger = LoggerFactory.getLogger(DjlTensorRt.class);

  private static final String FILE = "libdjl_trt.so";
  private static final String RESOURCES = "native/lib/linux-x86_64";
  private static final String FOLDER = "djl-tensorrt-0.33.0";

  /** By the GPU's index; of the process, as the GPU's memory is. */
  private static final Map<Integer, Object> memories = new ConcurrentHashMap<>();

  /**
   * Loads it. The device and {@link DjlLibraries} must have been checked: the native code ends the
   * process where something is missing.
   *
   * @throws BackendException if it cannot be unpacked or loaded
   */
  static DjlTensorRt start(BackendSettings settings) throws BackendException {
    Path file = unpacked(settings.libraryCacheDirectory());
    try {
      // Here and not by DJL, which would trust whatever lies in its cache under that name.
      System.load(file.toString());
      NativeLibrary library =
          NativeLibraries.open(
              file.toString(), "DJL's TensorRT engine", NativeLibraries.KEPT_APART);
      EngineLog log = DjlLog.install(library);
      JniUtils.initPlugins("");
      DjlTensorRt started =
          new DjlTensorRt(
              log, JniUtils.getTrtVersion(), CudaRuntime.open(), new DjlNative(library));
      logger.info("TensorRT {} by DJL's engine, 0.33.0", started.version());
      return started;
    } catch (LinkageError | EngineException | IllegalStateException e) {
      throw new BackendException(
          "backend 'tensorrt': DJL's TensorRT engine cannot be loaded: " + e.getMessage(), e);
    }
  }

  /**
   * To be held by whoever has DJL take memory of a GPU, which ends the process where somebody else
   * took it after it was found to be free. Also while an engine is built, which takes and gives
   * back much of it.
   */
  static Object memory(Gpu gpu) {
    return memories.computeIfAbsent(gpu.index(), ignored -> new Object());
  }

  private static Path unpacked(Path cacheDirectory) throws BackendException {
    try {
      UnpackedFiles files =
          new UnpackedFiles(
              DjlTensorRt.class.getClassLoader(),
              cacheDirectory.resolve(FOLDER),
              RESOURCES,
              List.of(FILE));
      Path file = files.unpacked().resolve(FILE);
      String digest =
          HexFormat.of().formatHex(NativeBytes.newSha256().digest(Files.readAllBytes(file)));
      if (!digest.equals(DjlNative.DIGEST)) {
        throw new BackendException(
            "backend 'tensorrt': %s: SHA-256 %s (expected: %s, that of DJL 0.33.0)"
                .formatted(file, digest, DjlNative.DIGEST));
      }
      return file;
    } catch (IOException e) {
      throw new BackendException(
          "backend 'tensorrt': DJL's TensorRT engine cannot be unpacked: %s (expected: a folder that can be written, which --backend-config=%s,%s=DIR names)"
              .formatted(e, TensorRtProvider.NAME, UnpackedFiles.CACHE_DIRECTORY),
          e);
    }
  }
}
