package dev.nereid.server.scheduling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.InferenceRequest;
import dev.nereid.server.inference.InferenceResponse;
import dev.nereid.server.inference.ResponseObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

final class ExpiryHeapProperties {

  private static final ResponseObserver NOBODY =
      new ResponseObserver() {
        @Override
        public void completed(InferenceResponse response) {}

        @Override
        public void failed(InferenceException reason) {}
      };

  /** Each number adds a request that expires then; a negative one removes one that is in. */
  @Property(tries = 500)
  void theFirstIsTheSoonestWhateverLeft(
      @ForAll @Size(max = 200) List<@IntRange(min = -50, max = 100) Integer> steps) {
    try (Puppet puppet = Puppet.Config.dynamic().puppet()) {
      ExpiryHeap heap = new ExpiryHeap();
      List<QueuedRequest> model = new ArrayList<>();
      for (int step : steps) {
        if (step >= 0) {
          QueuedRequest request = request(puppet, Long.MAX_VALUE - 50 + step);
          heap.add(request);
          model.add(request);
        } else if (!model.isEmpty()) {
          QueuedRequest leaving = model.remove(-step % model.size());
          heap.remove(leaving);
          heap.remove(leaving);
        }
        checkFirst(heap, model);
      }
      while (!model.isEmpty()) {
        QueuedRequest first = heap.first();
        assertThat(first).isNotNull();
        if (first != null) {
          assertThat(model.remove(first)).isTrue();
          heap.remove(first);
        }
        checkFirst(heap, model);
      }
    }
  }

  private static void checkFirst(ExpiryHeap heap, List<QueuedRequest> model) {
    QueuedRequest first = heap.first();
    if (first == null) {
      assertThat(model).isEmpty();
    } else {
      assertThat(model)
          .allSatisfy(r -> assertThat(r.expiresNanos - first.expiresNanos).isNotNegative());
    }
  }

  private static QueuedRequest request(Puppet puppet, long expiresNanos) {
    QueuedRequest queued =
        new QueuedRequest(
            puppet.scheduler,
            new InferenceRequest(
                "", List.of(), List.of(), 1, 0, 0, 0, 0, Map.of(), Map.of(), NOBODY),
            0);
    queued.expiresNanos = expiresNanos;
    return queued;
  }
}
