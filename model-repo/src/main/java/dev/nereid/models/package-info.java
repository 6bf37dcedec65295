/**
 * The tutorial's model repository: ResNet-50 in two formats, and the {@code config.pbtxt} of every
 * step of the tutorial and of the ladder that a machine without a GPU climbs.
 *
 * <p>Starting points: {@link dev.nereid.models.ModelRepositoryBuilder}; {@link
 * dev.nereid.models.ModelRecipe} lists the models.
 */
@NullMarked
package dev.nereid.models;

import org.jspecify.annotations.NullMarked;
