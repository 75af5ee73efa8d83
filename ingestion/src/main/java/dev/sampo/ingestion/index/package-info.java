/** The chunk index, and the distributed scan that makes it and fits the features. */
@NullMarked
package dev.sampo.ingestion.index;

import org.jspecify.annotations.NullMarked;
