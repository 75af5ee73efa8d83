/** The feature pipeline: specification, mergeable statistics, fit, apply. */
@NullMarked
package dev.sampo.model.feature;

import org.jspecify.annotations.NullMarked;
