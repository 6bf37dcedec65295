/**
 * The KServe v2 contract with Triton's additions: messages and stubs, generated from {@code
 * grpc_service.proto} and {@code model_config.proto}.
 *
 * <p>Starting points: {@link dev.nereid.protocol.GRPCInferenceServiceGrpc}, {@link
 * dev.nereid.protocol.ModelInferRequest}, {@link dev.nereid.protocol.ModelConfig}.
 */
@NullMarked
package dev.nereid.protocol;

import org.jspecify.annotations.NullMarked;
