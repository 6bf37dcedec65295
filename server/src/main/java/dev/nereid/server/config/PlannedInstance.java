package dev.nereid.server.config;

import dev.nereid.backend.InstanceSpec;

/**
 * One instance that an instance group asks for.
 *
 * @param passive loaded, but given no requests
 */
public record PlannedInstance(InstanceSpec spec, boolean passive) {}
