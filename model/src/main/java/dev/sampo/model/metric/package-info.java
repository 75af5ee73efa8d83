/** Evaluation metrics that merge exactly. */
@NullMarked
package dev.sampo.model.metric;

import org.jspecify.annotations.NullMarked;
