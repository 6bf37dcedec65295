/**
 * From {@code config.pbtxt} to a complete, validated model configuration. A leaf: the other rooms
 * read what it makes.
 */
@NullMarked
package dev.nereid.server.config;

import org.jspecify.annotations.NullMarked;
