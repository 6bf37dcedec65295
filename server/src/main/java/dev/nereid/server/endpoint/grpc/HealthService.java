package dev.nereid.server.endpoint.grpc;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.nereid.server.repository.ModelLookup;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code grpc.health.v1}: the server is SERVING while it is ready, whichever service is asked for,
 * as in Triton. Watch, which Triton lacks, lets clients leave a server that is going to stop.
 *
 * <p>Thread-safe.
 */
final class HealthService implements HealthGrpc.AsyncService {

  private final ModelLookup models;
  private final Draining draining;

  private final Object lock = new Object();

  /** Who watches, and what they were told last. */
  @GuardedBy("lock")
  private final Map<StreamObserver<HealthCheckResponse>, ServingStatus> watchers =
      new LinkedHashMap<>();

  HealthService(ModelLookup models, Draining draining) {
    this.models = models;
    this.draining = draining;
  }

  @Override
  public void check(HealthCheckRequest request, StreamObserver<HealthCheckResponse> observer) {
    observer.onNext(message(status()));
    observer.onCompleted();
  }

  @Override
  public void watch(HealthCheckRequest request, StreamObserver<HealthCheckResponse> observer) {
    ((ServerCallStreamObserver<HealthCheckResponse>) observer)
        .setOnCancelHandler(() -> forget(observer));
    synchronized (lock) {
      ServingStatus status = status();
      observer.onNext(message(status));
      if (draining.isStarted()) {
        observer.onCompleted();
      } else {
        watchers.put(observer, status);
      }
    }
  }

  /** Tells the watchers what changed; called now and then, as readiness has no event. */
  void refresh() {
    synchronized (lock) {
      ServingStatus status = status();
      watchers.replaceAll(
          (observer, told) -> {
            if (told != status) {
              observer.onNext(message(status));
            }
            return status;
          });
    }
  }

  /** Tells the watchers that the server stops, and ends their calls, which would hold it up. */
  void drain() {
    refresh();
    List<StreamObserver<HealthCheckResponse>> last;
    synchronized (lock) {
      last = new ArrayList<>(watchers.keySet());
      watchers.clear();
    }
    last.forEach(StreamObserver::onCompleted);
  }

  private void forget(StreamObserver<HealthCheckResponse> observer) {
    synchronized (lock) {
      watchers.remove(observer);
    }
  }

  private ServingStatus status() {
    return !draining.isStarted() && models.isReady()
        ? ServingStatus.SERVING
        : ServingStatus.NOT_SERVING;
  }

  private static HealthCheckResponse message(ServingStatus status) {
    return HealthCheckResponse.newBuilder().setStatus(status).build();
  }
}
