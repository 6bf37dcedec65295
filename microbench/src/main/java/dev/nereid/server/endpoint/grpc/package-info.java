/** Benchmarks of the gRPC endpoint, in its package to see its parts. */
@NullMarked
package dev.nereid.server.endpoint.grpc;

import org.jspecify.annotations.NullMarked;
