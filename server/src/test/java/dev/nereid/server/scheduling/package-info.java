/**
 * The scheduler driven by hand: {@link dev.nereid.server.scheduling.Puppet} turns the clock and
 * moves the instances, so that no test waits.
 */
@NullMarked
package dev.nereid.server.scheduling;

import org.jspecify.annotations.NullMarked;
