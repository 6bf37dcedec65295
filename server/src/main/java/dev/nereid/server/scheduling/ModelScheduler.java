package dev.nereid.server.scheduling;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.nereid.server.config.BatchingConfig;
import dev.nereid.server.inference.InferenceException;
import dev.nereid.server.inference.InferenceRequest;
import dev.nereid.server.inference.StatusCode;
import dev.nereid.server.memory.ModelMemory;
import dev.nereid.server.metrics.FailureReason;
import dev.nereid.server.metrics.ModelStatistics;
import dev.nereid.server.metrics.QueueGauges;
import dev.nereid.server.metrics.Refusal;
import dev.nereid.server.scheduling.Decision.Take;
import dev.nereid.server.scheduling.Decision.WaitUntil;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The scheduler of one model version: its queue, and the instances that pull from it.
 *
 * @see BatchingRule
 */
public final class ModelScheduler implements Scheduler, QueueGauges {

  /*
   * How requests come together with instances
   * =========================================
   *
   * There is no batcher thread. A request is put into the queue by the thread that brought it, and
   * batches are taken out by the instances' own threads, each when it has nothing better to do. So
   * a batch is formed at the last moment, with everything that came while the instances were busy,
   * and a request crosses from one thread to another once. Whether there is a batch to take is asked
   * of BatchingRule, a pure function; what is left to this class is to ask it at the right times and
   * to wake the right thread.
   *
   * One lock guards the queue, the idle instances and the alarm. It is held for a few list
   * operations and one walk of the rule over at most max_batch_size requests; never while a backend
   * runs, an observer is told, or memory is allocated for tensors. Enqueueing takes it once a
   * request, an instance once a batch.
   *
   * Waking
   * ------
   * An instance that finds no batch pushes itself onto the stack of idle ones and parks. The stack
   * gives the one that was busy last, whose caches are warm. Whoever changes something that the
   * rule reads calls settle() before it unlocks. settle() keeps this true whenever the lock is
   * free:
   *
   *   (I) if an instance is idle, then
   *         the rule says Nothing, or
   *         it says WaitUntil t, and the alarm is set for t or sooner, or
   *         one instance has been woken and has not yet looked at the queue.
   *
   * No wake-up is lost: an instance becomes idle in the same critical section in which the rule told
   * it that there is nothing to take, so a change either precedes that look or finds it idle. The
   * answer of the rule changes only with the queue (add, take, cancel, expire), with stopping, and
   * with time; the first two pass through settle(), the third through the alarm, which ends there
   * too. A permit that unpark() leaves to a thread not yet parked is not lost either.
   *
   * No herd: settle() wakes one instance, and none while a woken one is still on its way. That one
   * calls settle() when it has taken its batch, and so wakes the next if there is more to take. While
   * every instance is awake, enqueueing costs a list insertion and asks the rule nothing: instances
   * under load do not park between batches. The price is that several idle instances start one after
   * another, each a wake-up later; a batch that forms meanwhile is larger for it. Nobody spins before
   * parking: an idle model costs nothing, and under load nobody parks.
   *
   * Ahead
   * -----
   * An instance that says a depth of two or more drives a device. It begins a batch, and while the
   * device computes looks for the next one with pullAhead(), which takes what waiting could not
   * improve, and only while nobody is idle: a batch that one instance begins behind another of its
   * own would come sooner from an idle one. Then it waits for its oldest batch and answers it, with
   * the device at work on the next. It is never idle, and never parks, while it has begun any.
   *
   * Time
   * ----
   * Two things happen by time alone: the queue delay of a batch ends, and a request expires (its
   * policy's timeout, its client's deadline). Both go through one alarm per model version, set for
   * the sooner of the two. It is left alone when what it was set for goes away, and then goes off
   * for nothing, at most once per delay or timeout: cheaper than to cancel and set it with every
   * request. Expiry does not wait for an instance: when the alarm goes off, all that has expired is
   * failed on the clock's thread. And what has expired is never run, should the alarm be late: each
   * critical section first takes out what has expired by its own clock reading.
   *
   * Answers
   * -------
   * A request that leaves the queue belongs to the thread that took it out under the lock: an
   * instance, the clock's, or the client's that cancelled it. That thread alone releases its
   * inputs, counts it, and tells its observer, in this order, after the lock is free. With
   * preserve_ordering, Answers may pass the telling on to another thread that is at it.
   */

  private static final Logger log = LoggerFactory.getLogger(ModelScheduler.class);

  /** For an alarm that is not set. */
  private static final Clock.Alarm NO_ALARM = () -> {};

  private final String modelName;
  private final long version;
  private final ModelLayout layout;
  private final BatchingRule rule;
  private final ModelStatistics statistics;
  private final Clock clock;
  private final InstanceFaults faults;
  private final Answers answers;
  private final List<InstanceWorker> workers = new ArrayList<>();
  private final AtomicInteger runningRequests = new AtomicInteger();

  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private final RequestQueue queue;

  @GuardedBy("lock")
  private final ArrayDeque<InstanceWorker> idle = new ArrayDeque<>();

  /** Taken off {@link #idle} and not yet back at the queue; at most one. */
  @GuardedBy("lock")
  private @Nullable InstanceWorker woken;

  @GuardedBy("lock")
  private Clock.Alarm alarm = NO_ALARM;

  @GuardedBy("lock")
  private boolean alarmIsSet;

  @GuardedBy("lock")
  private long alarmNanos;

  /** Takes no more requests; instances go on until the queue is empty. */
  @GuardedBy("lock")
  private boolean stopping;

  /** Instances end when they find the queue empty. */
  @GuardedBy("lock")
  private boolean closing;

  /** Instances that can run. */
  @GuardedBy("lock")
  private int ableInstances;

  /** Why the last instance that failed did. */
  @GuardedBy("lock")
  private String lastFault = "every instance is passive";

  /** The queue's size, for those who do not hold the lock. */
  private volatile int queuedRequests;

  /**
   * Does not start the instances' threads: see {@link #start}.
   *
   * @param version of the model, for threads' names and texts
   * @param outputs those the config lists, in its order, which is the order of every answer's
   * @param instances passive ones too
   * @param statistics where everything is counted, before a client is told
   * @param memory for gathered inputs and for outputs
   */
  public ModelScheduler(
      BatchingConfig config,
      long version,
      List<ModelOutput> outputs,
      List<ScheduledInstance> instances,
      ModelStatistics statistics,
      ModelMemory memory,
      Clock clock,
      InstanceFaults faults) {
    this.modelName = config.modelName();
    this.version = version;
    this.statistics = statistics;
    this.clock = clock;
    this.faults = faults;
    layout = new ModelLayout(config.modelName(), config.maxBatchSize(), outputs, memory);
    rule = new BatchingRule(config);
    queue = new RequestQueue(config);
    answers = new Answers(config.dynamic() && config.preserveOrdering());
    for (ScheduledInstance instance : instances) {
      if (!instance.passive()) {
        workers.add(new InstanceWorker(this, instance));
      }
    }
    ableInstances = workers.size();
    statistics.attachQueue(this);
  }

  /**
   * Starts one thread for each instance that is not passive, named model-version-instance. Call
   * once.
   */
  public void start() {
    for (InstanceWorker worker : workers) {
      worker.start(modelName + "-" + version + "-" + worker.name());
    }
  }

  /** Those that pull; for tests that drive them by hand instead of {@link #start}. */
  List<InstanceWorker> workers() {
    return workers;
  }

  @Override
  public Cancellation enqueue(InferenceRequest request) throws InferenceException {
    long nowNanos = clock.nanoTime();
    QueuedRequest queued = new QueuedRequest(this, request, nowNanos);
    @Nullable List<QueuedRequest> expired;
    @Nullable InferenceException refusal;
    @Nullable InstanceWorker next;
    lock.lock();
    try {
      expired = expire(nowNanos);
      refusal = admit(queued);
      next = settle(nowNanos);
    } finally {
      lock.unlock();
    }
    wake(next);
    failExpired(expired, nowNanos);
    if (refusal != null) {
      throw refusal;
    }
    return queued;
  }

  /** Puts a request into the queue, or says why not. */
  @GuardedBy("lock")
  private @Nullable InferenceException admit(QueuedRequest queued) {
    InferenceRequest request = queued.request;
    if (stopping) {
      return refuse(Refusal.STOPPING, stoppingText(request));
    }
    if (ableInstances == 0) {
      return refuse(Refusal.NO_INSTANCE, request.logPrefix() + noInstanceText());
    }
    if (!queue.add(queued)) {
      return refuse(Refusal.QUEUE_FULL, request.logPrefix() + "Exceeds maximum queue size");
    }
    answers.expect(queued);
    return null;
  }

  /** Takes a request out if it still waits, and fails it. */
  void cancel(QueuedRequest queued) {
    @Nullable InstanceWorker next;
    lock.lock();
    try {
      if (!queue.contains(queued)) {
        return;
      }
      queue.remove(queued);
      next = settle(clock.nanoTime());
    } finally {
      lock.unlock();
    }
    wake(next);
    // Triton's text: none.
    fail(queued, new InferenceException(StatusCode.CANCELLED, ""), FailureReason.CANCELED);
  }

  /** The batch that {@code worker} is to run now; or null, and then it is idle or has ended. */
  @Nullable RequestBatch pull(InstanceWorker worker) {
    @Nullable RequestBatch batch = null;
    @Nullable List<QueuedRequest> expired;
    @Nullable InstanceWorker next;
    long nowNanos;
    lock.lock();
    try {
      if (woken == worker) {
        woken = null;
      }
      nowNanos = clock.nanoTime();
      expired = expire(nowNanos);
      if (rule.decide(queue, nowNanos, stopping) instanceof Take take) {
        batch = take(take, nowNanos);
        worker.state(InstanceWorker.State.AWAKE);
      } else if (closing) {
        worker.state(InstanceWorker.State.ENDED);
      } else {
        worker.state(InstanceWorker.State.IDLE);
        idle.addLast(worker);
      }
      next = settle(nowNanos);
    } finally {
      lock.unlock();
    }
    wake(next);
    failExpired(expired, nowNanos);
    return batch;
  }

  /**
   * A batch for a worker to begin while its device is busy with another, or null; the worker stays
   * awake. While another instance is idle, the batch is that one's.
   */
  @Nullable RequestBatch pullAhead() {
    @Nullable RequestBatch batch = null;
    @Nullable List<QueuedRequest> expired;
    @Nullable InstanceWorker next;
    long nowNanos;
    lock.lock();
    try {
      nowNanos = clock.nanoTime();
      expired = expire(nowNanos);
      if (idle.isEmpty()
          && woken == null
          && rule.decide(queue, nowNanos, stopping) instanceof Take take
          && rule.isWorthTakingAhead(take)) {
        batch = take(take, nowNanos);
      }
      next = settle(nowNanos);
    } finally {
      lock.unlock();
    }
    wake(next);
    failExpired(expired, nowNanos);
    return batch;
  }

  @GuardedBy("lock")
  private RequestBatch take(Take take, long nowNanos) {
    QueuedRequest[] requests = new QueuedRequest[take.requests()];
    for (int i = 0; i < requests.length; i++) {
      requests[i] = queue.removeFirst();
    }
    runningRequests.addAndGet(requests.length);
    return new RequestBatch(layout, clock, requests, take.rows(), take.reason(), nowNanos);
  }

  /**
   * Counts and answers a batch whose inputs are released; answers it also where counting breaks.
   */
  void executed(RequestBatch batch) {
    batch.failForgotten();
    runningRequests.addAndGet(-batch.size());
    try {
      statistics.recordExecution(batch);
    } finally {
      for (int i = 0; i < batch.size(); i++) {
        answers.send(batch.request(i));
      }
    }
  }

  /** Retires an instance that can never run again; the second time does nothing. */
  void fail(InstanceWorker worker, String reason) {
    List<QueuedRequest> stranded = List.of();
    int instancesLeft;
    String text;
    @Nullable InstanceWorker next;
    lock.lock();
    try {
      if (worker.state() == InstanceWorker.State.ENDED) {
        return;
      }
      worker.state(InstanceWorker.State.ENDED);
      // It is neither, unless a look at the queue broke off.
      idle.remove(worker);
      if (woken == worker) {
        woken = null;
      }
      instancesLeft = --ableInstances;
      lastFault = worker.name() + ": " + reason;
      text = noInstanceText();
      if (instancesLeft == 0) {
        stranded = drain();
      }
      next = settle(clock.nanoTime());
    } finally {
      lock.unlock();
    }
    wake(next);
    try {
      faults.instanceFailed(worker.name(), reason, instancesLeft);
    } finally {
      for (QueuedRequest queued : stranded) {
        String prefix = queued.request.logPrefix();
        fail(
            queued,
            new InferenceException(StatusCode.UNAVAILABLE, prefix + text),
            FailureReason.OTHER);
      }
    }
  }

  @Override
  public int queuedRequests() {
    return queuedRequests;
  }

  @Override
  public int pendingRequests() {
    return queuedRequests + runningRequests.get();
  }

  @Override
  public long oldestQueuedAgeNanos() {
    lock.lock();
    try {
      return queue.oldestAgeNanos(clock.nanoTime());
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void stopAccepting() {
    @Nullable InstanceWorker next;
    lock.lock();
    try {
      stopping = true;
      next = settle(clock.nanoTime());
    } finally {
      lock.unlock();
    }
    wake(next);
  }

  @Override
  public int failQueued() {
    List<QueuedRequest> abandoned;
    lock.lock();
    try {
      stopping = true;
      abandoned = drain();
    } finally {
      lock.unlock();
    }
    for (QueuedRequest queued : abandoned) {
      fail(
          queued,
          new InferenceException(StatusCode.UNAVAILABLE, stoppingText(queued.request)),
          FailureReason.OTHER);
    }
    return abandoned.size();
  }

  /**
   * Stops accepting, lets what is queued or runs finish, and ends the instance threads. What nobody
   * is left to run fails with the text of a stopping server. Blocks; not to be called on an
   * instance's thread. Leaves the instances open.
   */
  @Override
  public void close() {
    List<InstanceWorker> parked = new ArrayList<>();
    lock.lock();
    try {
      stopping = true;
      closing = true;
      // Every idle instance has to look once more: one of them finds a batch, or all find the end.
      for (InstanceWorker worker = idle.pollLast(); worker != null; worker = idle.pollLast()) {
        worker.state(InstanceWorker.State.AWAKE);
        parked.add(worker);
      }
    } finally {
      lock.unlock();
    }
    parked.forEach(InstanceWorker::unpark);
    workers.forEach(InstanceWorker::join);
    int unused = failQueued();
    lock.lock();
    try {
      alarm.cancel();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Makes (I) true again, and sets the alarm; the last thing to do under the lock.
   *
   * @return the instance to wake once the lock is free
   */
  @GuardedBy("lock")
  private @Nullable InstanceWorker settle(long nowNanos) {
    queuedRequests = queue.size();
    @Nullable InstanceWorker next = null;
    if (woken == null && !idle.isEmpty()) {
      Decision decision = rule.decide(queue, nowNanos, stopping);
      if (decision instanceof Take) {
        next = idle.removeLast();
        next.state(InstanceWorker.State.AWAKE);
        woken = next;
      } else if (decision instanceof WaitUntil wait) {
        alarmBy(wait.nanos());
      }
    }
    if (queue.hasExpiries()) {
      alarmBy(queue.nextExpiryNanos());
    }
    return next;
  }

  @GuardedBy("lock")
  private void alarmBy(long nanos) {
    if (alarmIsSet && alarmNanos - nanos <= 0) {
      return;
    }
    alarm.cancel();
    alarmNanos = nanos;
    alarmIsSet = true;
    alarm = clock.at(nanos, this::alarmWentOff);
  }

  private void alarmWentOff() {
    @Nullable List<QueuedRequest> expired;
    @Nullable InstanceWorker next;
    long nowNanos = clock.nanoTime();
    lock.lock();
    try {
      // One that was replaced while it was on its way clears the new one's mark; the new one is
      // then set again by settle(), and once more at most goes off for nothing.
      alarmIsSet = false;
      expired = expire(nowNanos);
      next = settle(nowNanos);
    } finally {
      lock.unlock();
    }
    wake(next);
    failExpired(expired, nowNanos);
  }

  @GuardedBy("lock")
  private @Nullable List<QueuedRequest> expire(long nowNanos) {
    @Nullable List<QueuedRequest> expired = null;
    for (QueuedRequest next = queue.nextExpired(nowNanos);
        next != null;
        next = queue.nextExpired(nowNanos)) {
      if (expired == null) {
        expired = new ArrayList<>();
      }
      expired.add(next);
    }
    return expired;
  }

  private void failExpired(@Nullable List<QueuedRequest> expired, long nowNanos) {
    if (expired == null) {
      return;
    }
    for (QueuedRequest queued : expired) {
      if (RequestQueue.isPastDeadline(queued, nowNanos)) {
        fail(
            queued,
            new InferenceException(
                StatusCode.DEADLINE_EXCEEDED,
                queued.request.logPrefix() + "the client's deadline passed in the queue"),
            FailureReason.CANCELED);
      } else {
        fail(
            queued,
            new InferenceException(StatusCode.UNAVAILABLE, "Request timeout expired"),
            FailureReason.REJECTED);
      }
    }
  }

  @GuardedBy("lock")
  private List<QueuedRequest> drain() {
    List<QueuedRequest> drained = new ArrayList<>(queue.size());
    while (queue.size() > 0) {
      drained.add(queue.removeFirst());
    }
    queuedRequests = 0;
    return drained;
  }

  /**
   * Ends a request that left the queue without being run. Throws nothing: the thread may be here
   * for another request, whose enqueueing must not fail for this one.
   */
  private void fail(QueuedRequest queued, InferenceException reason, FailureReason counted) {
    queued.fail(reason);
    try {
      queued.request.release();
      statistics.recordFailure(counted, clock.nanoTime() - queued.request.receivedNanos());
    } catch (RuntimeException | Error defect) {
      log.error("{}: request '{}' did not end cleanly", modelName, queued.request.id(), defect);
    }
    answers.send(queued);
  }

  private InferenceException refuse(Refusal reason, String text) {
    statistics.recordRefusal(reason);
    return new InferenceException(StatusCode.UNAVAILABLE, text);
  }

  private static void wake(@Nullable InstanceWorker worker) {
    if (worker != null) {
      worker.unpark();
    }
  }

  private static String stoppingText(InferenceRequest request) {
    return request.logPrefix()
        + "Server is stopping, scheduler for model has stopped accepting new inference requests";
  }

  @GuardedBy("lock")
  private String noInstanceText() {
    return "model '%s' version %d has no instance left that can run (%s)"
        .formatted(modelName, version, lastFault);
  }
}
