/** Where training data comes from: the data section of a job, file lists, and the formats that turn bytes into rows. */
@NullMarked
package dev.sampo.ingestion.source;

import org.jspecify.annotations.NullMarked;
