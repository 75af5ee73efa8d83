package dev.sampo.ingestion.source;

/**
 * A contiguous range of records in an unpacked file.
 *
 * @param offset first byte
 * @param length number of bytes
 * @param firstRecord number of the first record in its file, from 0
 * @param firstLine number of its line, from 1; the record's number from 1 where there are no lines
 * @param records number of records
 */
public record Span(long offset, int length, long firstRecord, long firstLine, int records) {}
