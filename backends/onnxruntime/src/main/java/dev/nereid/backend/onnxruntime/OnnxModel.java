package dev.nereid.backend.onnxruntime;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.nereid.backend.AutotuneTurn;
import dev.nereid.backend.BackendException;
import dev.nereid.backend.InstanceSpec;
import dev.nereid.backend.LanedInstance;
import dev.nereid.backend.LoadedModel;
import dev.nereid.backend.ModelInstance;
import dev.nereid.backend.ModelSignature;
import dev.nereid.backend.ModelSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model and its sessions.
 *
 * <p>How many there are, where {@code share_session_between_instances} does not say:
 *
 * <ul>
 *   <li>On the CPU every instance has one of its own, as in Triton. A session may be run by several
 *       threads, but its memory arena and its thread pool are then shared, and the threads wait for
 *       each other at both; the price is the weights once more.
 *   <li>On a GPU all instances of a device share one. Its kernels run where there is room on the
 *       device, whichever session they come from: two threads on one session are as fast as two
 *       sessions, and the weights and the arena, which never shrinks, are there once.
 *   <li>With TensorRT every instance has one of its own: a session's engine has one execution
 *       context, which one thread at a time may run.
 * </ul>
 *
 * The first session is made here, to read the file and check it, and is the first instance's.
 */
final class OnnxModel implements LoadedModel {

  private static final Logger log = LoggerFactory.getLogger(OnnxModel.class);

  private final SessionFactory factory;
  private final ModelSignature signature;

  /** Sessions that the model closes: those that are shared, and one that nobody has taken yet. */
  @GuardedBy("this")
  private final Map<Placement, OrtSession> kept = new HashMap<>();

  OnnxModel(SessionFactory factory) throws BackendException {
    this.factory = factory;
    Placement first =
        factory.spec().instances().stream().findFirst().map(Placement::of).orElse(Placement.CPU);
    OrtSession session = factory.open(first);
    try {
      this.signature = OnnxSignature.servable(session);
      warmUp(first, session);
    } catch (OrtException e) {
      close(session);
      throw OrtErrors.of(e);
    } catch (BackendException e) {
      close(session);
      throw e;
    }
    kept.put(first, session);
  }

  ModelSignature signature() {
    return signature;
  }

  @Override
  public ModelInstance createInstance(InstanceSpec instance) throws BackendException {
    Placement place = Placement.of(instance);
    SessionLease lease = lease(place, instance.name());
    List<OnnxLane> lanes = new ArrayList<>();
    boolean whole = false;
    try {
      for (int i = 0; i < factory.spec().depth(instance); i++) {
        lanes.add(
            new OnnxLane(
                factory.spec(),
                signature,
                lease.session(),
                place,
                factory.engine(),
                factory.settings().arenaShrinkage()));
      }
      whole = true;
      return new LanedInstance(lanes, lease::close, instance.name());
    } catch (OrtException e) {
      throw OrtErrors.of(e);
    } finally {
      if (!whole) {
        lanes.forEach(OnnxLane::close);
        lease.close();
      }
    }
  }

  private SessionLease lease(Placement place, String instance) throws BackendException {
    if (shares(place)) {
      return new SessionLease(shared(place, instance), false);
    }
    OrtSession session = takeKept(place);
    return new SessionLease(session != null ? session : fresh(place, instance), true);
  }

  private boolean shares(Placement place) {
    return factory
        .settings()
        .sharedSession()
        .orElse(place.isGpu() && factory.settings().gpu().tensorRt().isEmpty());
  }

  /** Two instances that are made at the same time wait for the one session here. */
  private synchronized OrtSession shared(Placement place, String instance) throws BackendException {
    OrtSession session = kept.get(place);
    if (session == null) {
      session = fresh(place, instance);
      kept.put(place, session);
    }
    return session;
  }

  private synchronized @Nullable OrtSession takeKept(Placement place) {
    return kept.remove(place);
  }

  private OrtSession fresh(Placement place, String instance) throws BackendException {
    OrtSession session;
    try {
      session = factory.open(place);
    } catch (BackendException e) {
      throw new BackendException("instance '" + instance + "': " + e.getMessage(), e);
    }
    try {
      warmUp(place, session);
      return session;
    } catch (BackendException e) {
      close(session);
      throw e;
    }
  }

  private void warmUp(Placement place, OrtSession session) throws BackendException {
    if (place.isGpu()) {
      ModelSpec spec = factory.spec();
      int batches;
      AutotuneTurn.take();
      try {
        batches = new Warmup(spec, signature, factory.engine().tensors()).run(session);
      } finally {
        AutotuneTurn.giveBack();
      }
      log.debug("Model '{}': {} batches of zeros on {}", spec.source().modelName(), batches, place);
    }
  }

  @Override
  public synchronized void close() {
    kept.values().forEach(OnnxModel::close);
    kept.clear();
  }

  static void close(OrtSession session) {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException("a session did not close: " + e.getMessage(), e);
    }
  }
}
