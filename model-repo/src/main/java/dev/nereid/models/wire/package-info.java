/** How protobuf messages become files. */
@NullMarked
package dev.nereid.models.wire;

import org.jspecify.annotations.NullMarked;
