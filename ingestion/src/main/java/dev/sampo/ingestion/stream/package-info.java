/** Rank streams: which rows make up which batch, and the entities that produce them. */
@NullMarked
package dev.sampo.ingestion.stream;

import org.jspecify.annotations.NullMarked;
