/**
 * What the protocols share: which version a client means, whether its request fits the model, and
 * classification. Texts and codes are Triton's.
 *
 * <p>Starting points: {@link dev.nereid.server.endpoint.RequestCheck}, the order of its checks;
 * {@link dev.nereid.server.endpoint.ModelVersions}.
 */
@NullMarked
package dev.nereid.server.endpoint;

import org.jspecify.annotations.NullMarked;
