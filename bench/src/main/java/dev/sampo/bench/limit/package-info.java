/** Small programs of the end-to-end suite: limits of the machine to compare with, and a load for the serving nodes. */
@NullMarked
package dev.sampo.bench.limit;

import org.jspecify.annotations.NullMarked;
