package dev.sampo.serving.prediction;

import dev.sampo.model.data.BadRecordException;

/** A model version in memory. Used by one thread at a time; who loads it closes it. */
public interface LoadedModel extends AutoCloseable {
    /** The predictions for all rows; {@link BadRecordException} says which row can't be used and why. */
    Predicted predict(RowTable table) throws BadRecordException;

    /** About how many multiplications a row takes, its features included: what decides where a pass runs. */
    long rowWork();

    @Override
    void close();
}
