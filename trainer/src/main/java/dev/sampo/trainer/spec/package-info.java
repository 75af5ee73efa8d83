/** The job spec: its records, how it is read, and every way it can be wrong. */
@NullMarked
package dev.sampo.trainer.spec;

import org.jspecify.annotations.NullMarked;
