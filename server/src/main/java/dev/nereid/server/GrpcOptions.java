package dev.nereid.server;

/**
 * The gRPC port.
 *
 * @param port 0 for any that is free
 */
public record GrpcOptions(boolean allowed, String address, int port) {}
