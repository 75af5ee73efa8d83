package dev.sampo.ingestion.source;

import org.jspecify.annotations.Nullable;

/**
 * One file of a source.
 *
 * @param path absolute; may be packed with gzip
 * @param labels IDX: the file of its labels
 */
public record SourceFile(String path, @Nullable String labels) {}
