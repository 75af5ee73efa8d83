/** Workers: the step loop that computes gradients for ranks and exchanges them with parameter shards. */
@NullMarked
package dev.sampo.trainer.worker;

import org.jspecify.annotations.NullMarked;
