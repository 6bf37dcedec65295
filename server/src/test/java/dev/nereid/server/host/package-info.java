/** Tests of where threads run. */
@NullMarked
package dev.nereid.server.host;

import org.jspecify.annotations.NullMarked;
