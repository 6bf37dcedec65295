/**
 * The KServe v2 service over gRPC: bytes to requests, responses to bytes, on event loops of our own
 * that never block.
 *
 * <ul>
 *   <li>A request's tensors are copied once, from the transport's slices into the pooled memory
 *       that the model reads; the rest of the message is parsed by generated code.
 *   <li>A response's tensors are written from the memory that they lie in.
 *   <li>Whatever was taken from the pool is given back once, on every path: answered, refused,
 *       cancelled, half parsed.
 * </ul>
 *
 * <p>Starting points: {@link dev.nereid.server.endpoint.grpc.GrpcEndpoint}; {@link
 * dev.nereid.server.endpoint.grpc.InferExchange}, the life of one call; {@link
 * dev.nereid.server.endpoint.grpc.InferCallMarshaller}, the parser.
 */
@NullMarked
package dev.nereid.server.endpoint.grpc;

import org.jspecify.annotations.NullMarked;
