/** Raw rows, their schema, and the numeric batches made of them. */
@NullMarked
package dev.sampo.model.data;

import org.jspecify.annotations.NullMarked;
