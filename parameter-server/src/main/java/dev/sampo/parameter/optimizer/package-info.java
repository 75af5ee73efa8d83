/** Optimizers and learning-rate schedules. */
@NullMarked
package dev.sampo.parameter.optimizer;

import org.jspecify.annotations.NullMarked;
