/** Data sources: the data section of a spec, files, and record formats. */
@NullMarked
package dev.sampo.ingestion.source;

import org.jspecify.annotations.NullMarked;
