package dev.nereid.backend.tensorrt;

import dev.nereid.backend.AutotuneTurn;
import dev.nereid.backend.BackendException;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An engine that is found on disk, or built in its {@linkplain AutotuneTurn turn} and kept there.
 *
 * @param file where it is kept
 */
record KeptEngine<E>(SealedFile file, Reading<E> reading, Building<E> building) {

  private static final Logger log = LoggerFactory.getLogger(KeptEngine.class);

  /** Makes an engine of its plan; where it cannot, the engine is built. */
  interface Reading<E> {
    E of(NativeBytes plan) throws TensorRtException, CudaException, IOException;
  }

  /** Builds the engine and keeps it. */
  interface Building<E> {
    E build() throws BackendException, TensorRtException, CudaException;
  }

  /**
   * Blocks while it is built, or others are.
   *
   * @return to be closed by the caller
   */
  E get() throws BackendException, TensorRtException, CudaException {
    boolean isThere = Files.exists(file.path());
    Optional<E> found = isThere ? read() : Optional.empty();
    if (found.isPresent()) {
      return found.get();
    }
    AutotuneTurn.take();
    try {
      // Another model of the same graph may have built it meanwhile.
      found = isThere ? Optional.empty() : read();
      return found.isPresent() ? found.get() : building.build();
    } finally {
      AutotuneTurn.giveBack();
    }
  }

  private Optional<E> read() throws CudaException {
    Optional<NativeBytes> content = file.read();
    if (content.isEmpty()) {
      return Optional.empty();
    }
    try (NativeBytes plan = content.get()) {
      return Optional.of(reading.of(plan));
    } catch (TensorRtException | IOException e) {
      log.warn("{} is made again: {}", file.path(), e.getMessage());
      return Optional.empty();
    }
  }
}
