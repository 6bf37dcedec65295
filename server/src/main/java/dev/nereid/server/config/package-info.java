/**
 * From a model's directory to a complete, validated configuration. A leaf: the other rooms read
 * what it makes.
 *
 * <p>Starting points: {@link dev.nereid.server.config.ModelConfigLoader} reads and completes;
 * {@link dev.nereid.server.config.VersionConfig} is the outcome; {@link
 * dev.nereid.server.config.FieldSupport} says which fields of {@code config.pbtxt} have an effect
 * and which are refused.
 */
@NullMarked
package dev.nereid.server.config;

import org.jspecify.annotations.NullMarked;
