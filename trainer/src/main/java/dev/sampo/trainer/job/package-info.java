/** The job's life: the manager singleton, one coordinator a job, and their pure cores. */
@NullMarked
package dev.sampo.trainer.job;

import org.jspecify.annotations.NullMarked;
