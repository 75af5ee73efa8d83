package dev.sampo.ingestion.stream;

/** Which of a job's data sets. */
public enum Dataset {
    TRAIN,
    VALIDATION
}
