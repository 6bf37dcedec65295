package dev.nereid.bench.measure;

import dev.nereid.bench.statistics.Slo;
import dev.nereid.bench.target.ResponseListener;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongConsumer;
import org.HdrHistogram.AtomicHistogram;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * What one probe counts while its load runs.
 *
 * <p>Requests belong to the slice and the look in which they were due, whenever they are answered.
 * A request counts as good only once its answer arrived in time, so every request that is overdue
 * counts against the objective without anybody noticing it: late = due − good.
 *
 * <ul>
 *   <li>{@link #begin} and {@link #sampleInFlight} are called by the generator (in a closed loop
 *       {@code begin} also by answering threads); answers are recorded by any thread, with atomic
 *       adds only.
 *   <li>Reading is for the generator's thread; what it sees of answers still under way is a
 *       moment's picture.
 * </ul>
 */
final class Recording {
  private final Timeline timeline;
  private final Slo slo;
  private final long windowStartNanos;
  private final long sliceNanos;
  private final int slicesPerLook;
  private final AtomicIntegerArray due;
  private final AtomicIntegerArray good;
  private final AtomicIntegerArray answered;
  private final int[] inFlight;
  private final Look[] looks;
  private final AtomicLong outstanding = new AtomicLong();
  private final AtomicLong goodCount = new AtomicLong();
  private final AtomicLong dueCount = new AtomicLong();
  private final LongAdder answers = new LongAdder();
  private final LongAdder serviceNanos = new LongAdder();
  private final AtomicReference<@Nullable String> firstFailure = new AtomicReference<>();
  private int samples;

  /** The part of a recording that belongs to one look. */
  private static final class Look {
    final AtomicHistogram response = histogram();
    final AtomicHistogram service = histogram();
    final AtomicHistogram lag = histogram();
    final Map<String, LongAdder> failures = new ConcurrentHashMap<>();
    final AtomicLong due = new AtomicLong();
    final AtomicLong sent = new AtomicLong();
    final AtomicLong open = new AtomicLong();

    private static AtomicHistogram histogram() {
      return new AtomicHistogram(Latencies.LOWEST_NANOS, Latencies.HIGHEST_NANOS, Latencies.DIGITS);
    }
  }

  Recording(
      Timeline timeline,
      Slo slo,
      long windowStartNanos,
      long sliceNanos,
      int slicesPerLook,
      int looks) {
    this.timeline = timeline;
    this.slo = slo;
    this.windowStartNanos = windowStartNanos;
    this.sliceNanos = sliceNanos;
    this.slicesPerLook = slicesPerLook;
    int slices = Math.multiplyExact(slicesPerLook, looks);
    this.due = new AtomicIntegerArray(slices);
    this.good = new AtomicIntegerArray(slices);
    this.answered = new AtomicIntegerArray(slices);
    this.inFlight = new int[slices];
    this.looks = new Look[looks];
    for (int i = 0; i < looks; i++) {
      this.looks[i] = new Look();
    }
  }

  /**
   * A request leaves now.
   *
   * @param dueNanos the instant at which the schedule wanted it
   * @param onEnd told the instant at which it ended, negative if it failed; after it was recorded
   * @return the listener to send it with
   */
  ResponseListener begin(long dueNanos, LongConsumer onEnd) {
    long sentNanos = timeline.nanoTime();
    int slice = noteDue(dueNanos);
    outstanding.incrementAndGet();
    if (slice >= 0) {
      Look look = look(slice);
      look.sent.incrementAndGet();
      look.open.incrementAndGet();
      record(look.lag, sentNanos - dueNanos);
    }
    return new Exchange(dueNanos, sentNanos, slice, onEnd);
  }

  /** A request was due and could not be sent before the probe ended: offered, and late. */
  void neverSent(long dueNanos) {
    noteDue(dueNanos);
  }

  private int noteDue(long dueNanos) {
    int slice = sliceOf(dueNanos);
    if (slice >= 0) {
      due.incrementAndGet(slice);
      dueCount.incrementAndGet();
      look(slice).due.incrementAndGet();
    }
    return slice;
  }

  /** Notes how many requests are in flight, at the start of each slice in turn. */
  void sampleInFlight() {
    if (samples < inFlight.length) {
      inFlight[samples++] = (int) Math.min(Integer.MAX_VALUE, outstanding.get());
    }
  }

  /** What the first failed request said, settling ones included; null while none failed. */
  @Nullable String firstFailure() {
    return firstFailure.get();
  }

  /** Requests sent and not ended, settling ones included. */
  long outstanding() {
    return outstanding.get();
  }

  /** Mean time from send to answer of all that were answered, settling ones included. */
  double meanServiceNanos() {
    return (double) serviceNanos.sum() / answers.sum();
  }

  /** Whether every request due in looks 0 to {@code look} has ended. */
  boolean isResolvedThrough(int look) {
    for (int i = 0; i <= look; i++) {
      if (looks[i].open.get() > 0) {
        return false;
      }
    }
    return true;
  }

  /** Requests due so far that are late or not yet answered. */
  long notGood() {
    return dueCount.get() - goodCount.get();
  }

  /** Requests due by slice, over the first {@code slices} of them. */
  int[] dueBySlice(int slices) {
    return copy(due, slices);
  }

  /** Requests late or unanswered by slice. */
  int[] lateBySlice(int slices) {
    int[] late = copy(due, slices);
    for (int i = 0; i < late.length; i++) {
      late[i] = Math.max(0, late[i] - good.get(i));
    }
    return late;
  }

  /** The samples of requests in flight in the first {@code slices}. */
  int[] inFlightBySlice(int slices) {
    return java.util.Arrays.copyOf(inFlight, Math.min(slices, samples));
  }

  /** Successful answers that arrived during the first {@code slices}, whenever they were due. */
  long answeredWithin(int slices) {
    long sum = 0;
    for (int i = 0; i < Math.min(slices, answered.length()); i++) {
      sum += answered.get(i);
    }
    return sum;
  }

  /** Everything about the requests due in the first {@code count} looks. */
  Totals totals(int count) {
    Histogram response = new Histogram(looks[0].response);
    Histogram service = new Histogram(looks[0].response);
    Histogram lag = new Histogram(looks[0].response);
    Map<String, Long> failures = new TreeMap<>();
    long dueRequests = 0;
    long sent = 0;
    for (int i = 0; i < count; i++) {
      Look look = looks[i];
      response.add(look.response);
      service.add(look.service);
      lag.add(look.lag);
      look.failures.forEach((code, n) -> failures.merge(code, n.sum(), Long::sum));
      dueRequests += look.due.get();
      sent += look.sent.get();
    }
    long missing = dueRequests - response.getTotalCount();
    long failed = failures.values().stream().mapToLong(Long::longValue).sum();
    if (sent - response.getTotalCount() - failed > 0) {
      failures.put("UNANSWERED", sent - response.getTotalCount() - failed);
    }
    return new Totals(
        dueRequests,
        sent,
        failures,
        new Latencies(response, missing),
        new Latencies(service, sent - service.getTotalCount()),
        new Latencies(lag, 0));
  }

  /** The sums of some looks. */
  record Totals(
      long due,
      long sent,
      Map<String, Long> failures,
      Latencies response,
      Latencies service,
      Latencies lag) {}

  private Look look(int slice) {
    return looks[slice / slicesPerLook];
  }

  private int sliceOf(long nanos) {
    long offset = nanos - windowStartNanos;
    if (offset < 0) {
      return -1;
    }
    long slice = offset / sliceNanos;
    return slice < due.length() ? (int) slice : -1;
  }

  private static void record(AtomicHistogram histogram, long nanos) {
    histogram.recordValue(Math.min(Latencies.HIGHEST_NANOS, Math.max(0, nanos)));
  }

  private static int[] copy(AtomicIntegerArray from, int length) {
    int[] to = new int[Math.min(length, from.length())];
    for (int i = 0; i < to.length; i++) {
      to[i] = from.get(i);
    }
    return to;
  }

  private final class Exchange implements ResponseListener {
    private final long dueNanos;
    private final long sentNanos;
    private final int slice;
    private final LongConsumer onEnd;

    Exchange(long dueNanos, long sentNanos, int slice, LongConsumer onEnd) {
      this.dueNanos = dueNanos;
      this.sentNanos = sentNanos;
      this.slice = slice;
      this.onEnd = onEnd;
    }

    @Override
    public void onResponse() {
      long now = timeline.nanoTime();
      answers.increment();
      serviceNanos.add(now - sentNanos);
      int answeredIn = sliceOf(now);
      if (answeredIn >= 0) {
        answered.incrementAndGet(answeredIn);
      }
      if (slice >= 0) {
        Look look = look(slice);
        record(look.response, now - dueNanos);
        record(look.service, now - sentNanos);
        if (slo.isMetBy(now - dueNanos)) {
          good.incrementAndGet(slice);
          goodCount.incrementAndGet();
        }
        look.open.decrementAndGet();
      }
      outstanding.decrementAndGet();
      onEnd.accept(now);
    }

    @Override
    public void onFailure(String code, String message) {
      firstFailure.compareAndSet(null, code + ": " + message);
      if (slice >= 0) {
        Look look = look(slice);
        look.failures.computeIfAbsent(code, c -> new LongAdder()).increment();
        look.open.decrementAndGet();
      }
      outstanding.decrementAndGet();
      onEnd.accept(-1);
    }
  }
}
