package dev.sampo.model.feature;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Row;
import java.io.DataOutput;
import java.io.IOException;

/**
 * What the fit of one unit must know of the rows. A row is read, then counted if every unit could read it. Mergeable with
 * statistics of the same unit. Not thread-safe.
 */
interface UnitStatistics {
    /** Refuses a row that can't be used; nothing is counted. */
    void read(Row row) throws BadRecordException;

    /** Refuses a row that would take too much memory; nothing is counted. */
    default void ensureRoom(Row row) throws BadRecordException {}

    /** Counts the row that was read last. */
    void count(Row row);

    /** Refuses statistics that together would take too much memory; nothing is merged. */
    default void ensureRoom(UnitStatistics later) {}

    void merge(UnitStatistics later);

    /** The fitted feature; this stays as it is. */
    FittedFeature fit(long rows);

    /** Features that are not 0 in a row, on average. */
    double nonZeros(FittedFeature fitted, long rows);

    void write(DataOutput out) throws IOException;

    /** Takes what {@link #write} of statistics of {@code rows} rows wrote; this must be empty. */
    void readFrom(StatisticsReader in, long rows);
}
