/**
 * An asynchronous gRPC client of KServe v2 servers: of ours, of a Triton, of others.
 *
 * <p>Starting points: {@link dev.nereid.client.NereidClient}, {@link
 * dev.nereid.client.ClientOptions}, {@link dev.nereid.client.InferRequest}.
 */
@NullMarked
package dev.nereid.client;

import org.jspecify.annotations.NullMarked;
