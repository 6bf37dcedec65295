/** Tests of the GPU's room. */
@NullMarked
package dev.nereid.server.gpu;

import org.jspecify.annotations.NullMarked;
