/**
 * Where requests wait and batches form: the queue with its policies, the one rule that says whether
 * a batch may leave, and the instance threads that pull.
 *
 * <p>Starting points: {@link dev.nereid.server.scheduling.Scheduler} is what the other rooms see;
 * {@link dev.nereid.server.scheduling.BatchingRule} says when a batch is one; {@link
 * dev.nereid.server.scheduling.ModelScheduler} opens with how requests and instances come together;
 * {@link dev.nereid.server.scheduling.RequestBatch} is where tensors are gathered and cut apart.
 */
@NullMarked
package dev.nereid.server.scheduling;

import org.jspecify.annotations.NullMarked;
