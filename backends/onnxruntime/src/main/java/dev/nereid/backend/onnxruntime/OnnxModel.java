package dev.nereid.backend.onnxruntime;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.InstanceKind;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSpec;
import org.jspecify.annotations.Nullable;

/**
 * A model and what its sessions are made of.
 *
 * <p>Every instance has a session of its own, as in Triton. A session may be run by several
 * threads, but its memory arena and its thread pool are then shared, and the threads wait for each
 * other at both; one session each costs the weights once more and keeps instances apart. The first
 * session is made here, to read the file and check it, and goes to the first instance.
 */
final class OnnxModel implements LoadedModel {

  private final ModelSpec spec;
  private final String path;
  private final Engine engine;
  private final BackendSettings backend;
  private final SessionSettings settings;
  private final ModelSignature signature;

  @GuardedBy("this")
  private @Nullable OrtSession first;

  OnnxModel(
      ModelSpec spec, String path, Engine engine, BackendSettings backend, SessionSettings settings)
      throws BackendException {
    this.spec = spec;
    this.path = path;
    this.engine = engine;
    this.backend = backend;
    this.settings = settings;
    OrtSession session = newSession();
    try {
      this.signature = OnnxSignature.servable(session);
    } catch (OrtException e) {
      close(session);
      throw OrtErrors.of(e);
    } catch (BackendException e) {
      close(session);
      throw e;
    }
    this.first = session;
  }

  ModelSignature signature() {
    return signature;
  }

  @Override
  public ModelInstance createInstance(InstanceSpec instance) throws BackendException {
    if (instance.kind() != InstanceKind.CPU) {
      throw new BackendException(
          "instance '%s': KIND_%s (expected: KIND_CPU, since this build of the onnxruntime backend runs on the CPU alone)"
              .formatted(instance.name(), instance.kind()));
    }
    OrtSession session = takeFirst();
    if (session == null) {
      session = newSession();
    }
    try {
      return new OnnxInstance(spec, signature, session, engine, settings.arenaShrinkage());
    } catch (OrtException e) {
      close(session);
      throw OrtErrors.of(e);
    }
  }

  private OrtSession newSession() throws BackendException {
    try (SessionOptions options = settings.options(backend)) {
      return engine.environment().createSession(path, options);
    } catch (OrtException e) {
      throw OnnxRuntimeBackend.unreadable(spec.source(), e);
    }
  }

  private synchronized @Nullable OrtSession takeFirst() {
    OrtSession session = first;
    first = null;
    return session;
  }

  @Override
  public void close() {
    OrtSession session = takeFirst();
    if (session != null) {
      close(session);
    }
  }

  static void close(OrtSession session) {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException("a session did not close: " + e.getMessage(), e);
    }
  }
}
