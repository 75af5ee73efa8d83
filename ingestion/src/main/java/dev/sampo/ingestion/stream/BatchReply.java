package dev.sampo.ingestion.stream;

/** What an ingest entity answers to {@link IngestEntity.FetchBatch}. */
public sealed interface BatchReply permits BatchPart, FetchFailed {}
