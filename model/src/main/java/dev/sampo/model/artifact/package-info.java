/** The model artifact: weights, architecture, features, checksums; and the predictor made of one. */
@NullMarked
package dev.sampo.model.artifact;

import org.jspecify.annotations.NullMarked;
