/**
 * Where requests wait and batches form: the queue with its policies, the one rule that says whether
 * a batch may leave, and the instance threads that pull.
 *
 * <p>Starting points: {@link dev.nereid.server.scheduling.Scheduler}.
 */
@NullMarked
package dev.nereid.server.scheduling;

import org.jspecify.annotations.NullMarked;
